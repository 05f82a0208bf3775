package rules

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

var klp405 = NewSetRule(&Rule{
	Severity: finding.Error,
	Also:     []finding.Severity{finding.Warning, finding.Info},
	Since:    "0.1",
	Tags:     []string{"set", "conflict", "replace"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP405",
		Doc: `replacing livepatch uses sympos 0 for a func where the other uses 1, or the reverse

For a func that exists once, old_sympos 0 and 1 mean the same. When a livepatch
replaces another, klp_add_nops() (kernel/livepatch/core.c) looks up each old func in
the new one. Without "livepatch: Match old_sympos 0 and 1 in klp_find_func()"
(20251010230223.4013896-1-song@kernel.org; in 6.19 and in stable kernels since) it
treats the two as different funcs, adds a second one of the same name to sysfs, and
the load fails with EEXIST. Two versions of kpatch-build that use different numbers
are enough.

An error where the kernel is known to lack the fix, information where it is known
to have it, else a warning: the release in vermagic rarely shows which stable or
vendor kernel has it. --assume-fix sympos01 says that it has.

Fix: use one of the two throughout: the one in the livepatches that are already
released.`,
	},
}, func(s *moduleset.Set) ([]finding.Finding, error) {
	if !s.Judged() {
		return nil, missing(s)
	}
	pairs := s.FuncPairs(moduleset.Match{
		Variant: func(r moduleset.Row) uint64 { return r.Member.Funcs[r.Index].Sympos },
		Concerns: func(e moduleset.Effect, active, next uint64) bool {
			return active != next && (e == moduleset.Evicts || e == moduleset.Undetermined)
		},
	}, func(r moduleset.Row) bool { return r.Member.Funcs[r.Index].Position() != 1 })
	// klp_find_func() compares names: another name of the same code is another func.
	named := func(yield func(moduleset.Pair) bool) {
		for p := range pairs {
			if p.Shared = slices.DeleteFunc(p.Shared, func(x moduleset.Shared) bool { return !sameName(p, x) }); len(p.Shared) > 0 && !yield(p) {
				return
			}
		}
	}
	return atBoth(s, named,
		func(p moduleset.Pair) weight { return weightOfSympos(s, p) },
		func(p moduleset.Pair) pairFinding { return symposDiffers(s, p) },
	)
})

func weightOfSympos(s *moduleset.Set, p moduleset.Pair) weight {
	w := weight{severity: finding.Warning}
	switch s.Options.Behaviour.Sympos01 {
	case klp.Yes:
		w.severity = finding.Info
	case klp.No:
		w.severity = finding.Error
	}
	if p.Effect == moduleset.Undetermined {
		w.undecided = w.severity == finding.Error
		w.severity = min(w.severity, finding.Warning)
	}
	return w
}

func symposDiffers(s *moduleset.Set, p moduleset.Pair) pairFinding {
	out, list := sharedFuncs(p, "names", "")
	next, active := p.Next.Funcs[p.Shared[0].Next].Sympos, p.Active.Funcs[p.Shared[0].Active].Sympos
	numbers := fmt.Sprintf("by sympos %d, the other by %d", next, active)
	for i, shared := range p.Shared {
		n, a := p.Next.Funcs[shared.Next].Sympos, p.Active.Funcs[shared.Active].Sympos
		if i < len(out.places) {
			out.places[i].next.says, out.places[i].active.says = namedBy(p, i, n), namedBy(p, i, a)
		}
		if n != next {
			numbers = "by another sympos than the other, 0 or 1"
		}
	}
	errno := strings.Join(s.Options.Behaviour.InitEEXIST, " or ")
	if errno == "" {
		errno = "EEXIST"
	}
	var verdict string
	switch s.Options.Behaviour.Sympos01 {
	case klp.Yes:
		out.Kernel = accepted("this kernel treats sympos 0 and 1 as equal")
		verdict = "this kernel treats the two as equal, a kernel without the fix to klp_find_func() refuses the load with EEXIST"
	case klp.No:
		out.Kernel = refused(errno, "sysfs: cannot create duplicate filename")
		verdict = "this kernel treats the two as different funcs and refuses the load with " + errno
	default:
		out.Kernel = noted(refused(errno, "sysfs: cannot create duplicate filename"), "on a kernel without the fix to klp_find_func()")
		verdict = "a kernel without the fix to klp_find_func() refuses the load with " + errno + ", and whether this one has it is not known"
	}
	replaces := "replaces"
	if p.Effect == moduleset.Undetermined {
		replaces = "may replace"
	}
	out.Message = fmt.Sprintf("%s %s %s under %s and names %s %s: %s",
		p.Next.Title(), replaces, p.Active.Title(), s.ModelNames(), list, numbers, verdict)
	return out
}

// namedBy says by which sympos a module names the i-th func that the pair shares.
func namedBy(p moduleset.Pair, i int, sympos uint64) string {
	what := "it"
	if len(p.Shared) > 1 {
		what = p.Next.Funcs[p.Shared[i].Next].Title()
	}
	return fmt.Sprintf("names %s by sympos %d", what, sympos)
}
