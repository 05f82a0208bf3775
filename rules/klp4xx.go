package rules

import (
	"fmt"
	"iter"
	"path"
	"strings"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/moduleset"
)

// setRules judge livepatches against each other: the candidates against the
// baseline, which is older, and against each other in both orders, as far as nothing
// tells which of them is loaded later (orders). A baseline may
// hold many generations; every choice of its modules that the model lets be
// active counts, and for the rules here a single other module is enough to
// show a problem: more active modules only add to what a kernel refuses.
//
// A finding concerns one candidate and one other module, and what a candidate
// does to another candidate is reported at both: each has a verdict of its own.
func setRules() []*Rule {
	return []*Rule{
		klp401, klp402, klp403, klp404, klp405, klp406, klp407,
		klp408, // of one module, for the others build on what it says
		klp409, klp410, klp411, klp412,
	}
}

// incompatible is the answer of klp_enable_patch() where klp_is_patch_compatible()
// fails (kernel/livepatch/core.c, state.c).
func incompatible(m *moduleset.Member) *finding.Answer {
	return refused("EINVAL", fmt.Sprintf("Livepatch patch (%s) is not compatible with the already installed livepatches.", m.Name))
}

// missing is what the rules that need a replace model cannot do without: the
// error that each of them returns beside its findings, nil when all members
// could be judged.
func missing(s *moduleset.Set) error {
	if !s.Judged() {
		return &MissingInput{Needs: s.Problem()}
	}
	unread := s.Unread()
	if len(unread) == 0 {
		return nil
	}
	paths := make([]string, 0, maxListed)
	for _, m := range unread[:min(len(unread), maxListed)] {
		paths = append(paths, m.Path)
	}
	return &MissingInput{Needs: fmt.Sprintf("a replace field that %s can read in %s", s.ModelNames(), someOf(paths, len(unread)))}
}

// evictions are the pairs of which a load of Next replaces Active, or may replace
// it, as far as they concern the rule.
func evictions(s *moduleset.Set, concerns func(moduleset.Pair) bool) iter.Seq[moduleset.Pair] {
	return func(yield func(moduleset.Pair) bool) {
		for p := range s.EvictionPairs {
			if (p.TooMany() || concerns(p)) && !yield(p) {
				return
			}
		}
	}
}

// longFields are the lists of sets of a pair of which klp.Replace.String may show the
// first numbers alone, for finding.Finding.Identity.
func longFields(p moduleset.Pair) []string {
	var out []string
	for _, m := range []*moduleset.Member{p.Next, p.Active} {
		for _, sets := range [][]uint32{m.Replace.Sets, m.Replace.Supersedes} {
			if len(sets) > maxListed {
				out = append(out, fmt.Sprintf("%s %v", m.Title(), sets))
			}
		}
	}
	return out
}

// patchedOnPurpose reports whether the configuration names the func as one that
// modules patch on purpose.
func patchedOnPurpose(s *moduleset.Set, r moduleset.Row) bool {
	f := &r.Member.Funcs[r.Index]
	for _, glob := range s.Options.SharedFuncs {
		name := f.Name
		if strings.Contains(glob, ":") {
			name = f.Object.Name + ":" + f.Name
		}
		spelled := []string{name}
		if strings.Contains(glob, ",") {
			spelled[0] = fmt.Sprintf("%s,%d", name, f.Position())
			if f.Position() == 1 {
				spelled = append(spelled, name+",0") // the kernel's other word for the first
			}
		}
		for _, s := range spelled {
			if ok, err := path.Match(glob, s); ok && err == nil {
				return true
			}
		}
	}
	return false
}

// when says in which situation Next meets Active.
func when(s *moduleset.Set, p moduleset.Pair) string {
	if byStates(s, p) != nextLater && s.Effect(p.Active.Class(), p.Next.Class()) == moduleset.Keeps {
		return "the other is active, in either order"
	}
	return whenOnce(p)
}

// whenOnce is for what is refused in one order only.
func whenOnce(p moduleset.Pair) string {
	if p.Active.Baseline {
		return p.Active.Title() + ", already built, is active"
	}
	return p.Active.Title() + " was loaded before it"
}
