package rules

import (
	"fmt"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

// staticTables reports the structs and arrays of a static module that lie where
// the kernel, which keeps and writes them, cannot have them. Wrong says of a
// place why, "" where it will do; answer is the kernel's. OnlyRead takes
// in what the kernel never writes to: states, and the end of an empty array.
func staticTables(m *klp.Module, onlyRead bool, wrong func(klp.Location) string, answer func() *finding.Answer) []finding.Finding {
	if m.Toolchain != klp.Static {
		return nil
	}
	var c collector
	check := func(at klp.Location, object, what string) {
		why := wrong(at)
		if why == "" || c.full() {
			return
		}
		if object != "" {
			what += " of object " + names.Cut(object)
		}
		c.add(finding.Finding{
			Message:  fmt.Sprintf("%s is in %s, which is %s", what, names.Cut(at.Section), why),
			Object:   object,
			Location: at,
			Kernel:   answer(),
		})
	}
	p := &m.Patch
	check(p.At, "", "struct klp_patch")
	if onlyRead {
		check(p.StatesAt, "", "the array of states")
	}
	for i := range p.Objects {
		o := &p.Objects[i]
		if i == 0 {
			check(o.At, "", "the array of objects")
		}
		if len(o.Funcs) > 0 || onlyRead && !o.FuncsNull {
			check(o.FuncsAt, o.Name, "the array of funcs")
		}
	}
	return c.findings()
}
