package klp

import (
	"strconv"
	"strings"
)

// String says in a few words what a load of the module replaces: "replace",
// "no replace", "set 2", "set 2 supersedes {1}", "sets {1,2}", "sets NULL", or
// "unknown", with "run time" for what a module parameter decides.
func (r *Replace) String() string {
	text := "unknown"
	switch r.Kind {
	case KindFlag:
		text = "no replace"
		if r.Flag {
			text = "replace"
		}
		if r.Source == FromRuntime {
			return "replace decided at run time"
		}
	case KindSet:
		if r.Source == FromRuntime {
			return "set decided at run time"
		}
		text = "set " + strconv.FormatUint(uint64(r.Set), 10)
	case KindSets:
		switch {
		case r.Source == FromRuntime:
			return "sets decided at run time"
		case r.SetsNull:
			text = "sets NULL"
		default:
			text = "sets " + setList(r.Sets)
		}
	default:
		if r.Source == FromRuntime {
			return "decided at run time"
		}
	}
	if r.Supersedes != nil {
		text += " supersedes " + setList(r.Supersedes)
	}
	return text
}

// setList writes at most 32 sets: the list is as long as a file wants it to be.
func setList(sets []uint32) string {
	const most = 32
	var b strings.Builder
	b.WriteByte('{')
	for i, s := range sets {
		if i == most {
			b.WriteString(",...")
			break
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatUint(uint64(s), 10))
	}
	b.WriteByte('}')
	return b.String()
}
