package rules

import (
	"fmt"
	"strings"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

// refused is the answer of a kernel that does not load the module. Message is
// the kernel's log line, "" where it logs none.
func refused(errno, message string) *finding.Answer {
	return &finding.Answer{Errno: errno, Message: message}
}

// noted adds an explanation to an answer.
func noted(a *finding.Answer, note string) *finding.Answer {
	a.Note = note
	return a
}

// accepted is the answer of a kernel that loads the module all the same, and
// what happens then.
func accepted(then string) *finding.Answer { return &finding.Answer{Note: then} }

// warns is the answer of a kernel that loads the module and logs a line about it.
func warns(message string) *finding.Answer { return &finding.Answer{Message: message} }

// crashes is the answer of a kernel that does not survive the load, and how.
func crashes(how string) *finding.Answer {
	return &finding.Answer{Crash: true, Note: how}
}

// crashesLater is the answer of a kernel that dies when code of the module runs, and
// how; the load need not run that code.
func crashesLater(how string) *finding.Answer {
	return &finding.Answer{Crash: true, Later: true, Note: how}
}

// behaviourOf returns how the kernel that the module was built for answers.
// Rules of one module judge without a target kernel: the release in vermagic
// is all they know.
func behaviourOf(m *klp.Module) klp.Behaviour { return kernel.BehaviourOf(m.Vermagic.Release) }

// initEEXIST is the answer to an init function that fails with -EEXIST, which
// some releases hand to insmod as another errno.
func initEEXIST(m *klp.Module, message string) *finding.Answer {
	return refused(strings.Join(behaviourOf(m).InitEEXIST, " or "), message)
}

// funcName is how findings name a patched func: the name, and the position
// where it is not the first. It is not meant for people alone: it stays the
// raw name.
func funcName(f *klp.Func) string {
	if f.Sympos > 1 {
		return fmt.Sprintf("%s,%d", f.Name, f.Sympos)
	}
	return f.Name
}

// show is a symbol's name in a message: bounded, and demangled beside the raw
// form.
func show(name string) string { return names.Show(name) }

// patched is "object:func" in a message.
func patched(o *klp.Object, f *klp.Func) string {
	name := names.Cut(o.Name) + ":" + show(f.Name)
	if f.Sympos > 1 {
		name += fmt.Sprintf(",%d", f.Sympos)
	}
	return name
}

// maxListed is how many names a message lists.
const maxListed = 10

// someOf joins the names for a message, at most maxListed of them. Count is the
// number of all, for callers that stopped gathering.
func someOf(list []string, count int) string {
	var b strings.Builder
	for i, n := range list[:min(len(list), maxListed)] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(show(n))
	}
	if more := count - min(len(list), maxListed); more > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	return b.String()
}

// unlistedNames are the names of a list behind the first listed ones, for
// finding.Finding.Identity.
func unlistedNames(list []string, listed int) []string { return list[min(len(list), listed):] }

// plural is "1 entry" or "2 entries".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// imports reports whether the module has the undefined symbol.
func imports(m *klp.Module, name string) bool {
	for i := range m.Imports {
		if m.Imports[i].Name == name {
			return true
		}
	}
	return false
}

// placeIn is the place at an offset of the first section of the name; the file
// as a whole where there is no such section.
func placeIn(m *klp.Module, section string, offset uint64) klp.Location {
	s := sectionNamed(m, section)
	if s == nil {
		return klp.Location{}
	}
	return klp.Location{Section: section, Offset: offset, File: int64(s.Offset + offset)}
}

// startOf is the place of a section's first byte.
func startOf(s *klp.Section) klp.Location {
	return klp.Location{Section: s.Name, File: int64(s.Offset)}
}

// modinfoEntry is the place of the first .modinfo entry with the key, or of
// the section where it has none.
func modinfoEntry(m *klp.Module, key string) klp.Location {
	for i := range m.Modinfo.Entries {
		if e := &m.Modinfo.Entries[i]; e.Key == key {
			return placeIn(m, ".modinfo", e.Offset)
		}
	}
	return placeIn(m, ".modinfo", 0)
}

// inInit reports whether the place is freed once the module's init function
// has returned.
func inInit(at klp.Location) bool { return strings.HasPrefix(at.Section, ".init.") }
