package rules

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

// setRules judge livepatches against each other: the candidates against the
// baseline, which is older, and against each other in both orders. A baseline may
// hold many generations; every choice of its modules that the model lets be
// active counts, and for the rules here a single other module is enough to
// show a problem: more active modules only add to what a kernel refuses.
func setRules() []*Rule {
	return []*Rule{
		klp401, klp402, klp403, klp404, klp405, klp406, klp407, klp408, klp409,
		klp410, klp411,
	}
}

// incompatible is the answer of klp_enable_patch() where klp_is_patch_compatible()
// fails (kernel/livepatch/core.c, state.c).
func incompatible(m *Member) *finding.Answer {
	return refused("EINVAL", fmt.Sprintf("Livepatch patch (%s) is not compatible with the already installed livepatches.", m.Name))
}

// title is how a message names a member: the module's name, else its path.
func (m *Member) title() string {
	if m.Name != "" {
		return names.Cut(m.Name)
	}
	return m.Path
}

// funcTitle is "object:func" in a message; an object spelt "vmlinux" in a static
// table is in quotes, for it is not the kernel image.
func (m *Member) funcTitle(row uint32) string {
	f := &m.funcs[row]
	o := m.objectOf(row)
	object := names.Cut(o.name)
	if o.literal {
		object = strconv.Quote(object)
	}
	name := object + ":" + show(m.nameOf(f))
	if f.position() > 1 {
		name += "," + strconv.FormatUint(f.position(), 10)
	}
	return name
}

// funcName is Finding.Func of a row.
func (m *Member) funcName(row uint32) string {
	f := &m.funcs[row]
	if f.position() > 1 {
		return m.nameOf(f) + "," + strconv.FormatUint(f.position(), 10)
	}
	return m.nameOf(f)
}

func (m *Member) object(row uint32) string { return m.objectOf(row).name }

// more ends a message with the members of a fold that it does not name.
func (f *fold) more() string {
	switch n := f.total - 2; {
	case n <= 0:
		return ""
	case n == 1:
		return "; so does 1 more module"
	default:
		return "; so do " + strconv.Itoa(n) + " more modules"
	}
}

// related points into the active member and the others of a fold.
func (s *Set) related(f *fold, message string, at func(*Member, uint32) klp.Location) []finding.Related {
	list := make([]finding.Related, 0, 1+len(f.others))
	for _, p := range append([]posting{f.active}, f.others...) {
		m := s.Members[p.member]
		list = append(list, finding.Related{Module: m.Path, Message: m.title() + " " + message, Location: at(m, p.row)})
	}
	return list
}

// shared reports whether the configuration names the func as one that modules
// patch on purpose.
func (s *Set) shared(m *Member, row uint32) bool {
	f := &m.funcs[row]
	for _, glob := range s.Options.SharedFuncs {
		name := m.nameOf(f)
		if strings.Contains(glob, ":") {
			name = m.object(row) + ":" + m.nameOf(f)
		}
		if ok, err := path.Match(glob, name); ok && err == nil {
			return true
		}
	}
	return false
}

// when says in which situation next meets active.
func (s *Set) when(active, next *Member) string {
	switch {
	case active.Baseline:
		return fmt.Sprintf("%s, already built, is active", active.title())
	case s.fate(next, active) == stays:
		return "the other is active, in either order"
	}
	return fmt.Sprintf("%s was loaded before it", active.title())
}

func (m *Member) stateAt(row uint32) klp.Location { return m.location(m.states[row].at) }
