package rules

import "github.com/klplint/klplint/finding"

// maxFindings bounds what one rule reports of one module: a broken build
// repeats one mistake, a hostile file repeats it a million times.
const maxFindings = 100

// collector gathers the findings of one rule over one module, up to
// maxFindings, and counts the rest. The zero collector is empty.
type collector struct {
	list []finding.Finding
	more int
}

// full reports whether the next finding would only be counted, and counts it
// if so. Rules ask before they build a message.
func (c *collector) full() bool {
	if len(c.list) < maxFindings {
		return false
	}
	c.more++
	return true
}

func (c *collector) add(f finding.Finding) {
	if !c.full() {
		c.list = append(c.list, f)
	}
}

// findings returns what was gathered. The last one tells how many were not shown.
func (c *collector) findings() []finding.Finding {
	if c.more > 0 {
		last := &c.list[len(c.list)-1]
		last.Message += "; " + plural(c.more, "more of this kind is", "more of this kind are") + " not shown"
		last.Unshown += c.more
		c.more = 0
	}
	return c.list
}
