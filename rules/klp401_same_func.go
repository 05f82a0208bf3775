package rules

import (
	"fmt"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/moduleset"
)

var klp401 = NewSetRule(&Rule{
	Severity: finding.Error,
	Also:     []finding.Severity{finding.Warning},
	Since:    "0.1",
	Tags:     []string{"set", "conflict"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP401",
		Doc: `two livepatches that may be active together patch the same func

Two funcs are the same when object, name and position are equal, where the
positions 0 and 1 are one (kernel/livepatch/core.c: klp_find_func). With a kernel
(--kernel, or what the registry keeps of one) so are two names of one function, such
as __x64_sys_getpid and __do_sys_getpid: the kernel keys what is patched on the
address (kernel/livepatch/patch.c: klp_find_ops).

Under mainline both livepatches load, and the code of the one loaded last runs
(kernel/livepatch/patch.c: klp_ftrace_handler takes the first of func_stack): the
other fix is silently inactive. Livepatches that replace each other are not
reported: a cumulative one may carry the same func as often as it likes. This is a
warning; option shared-funcs names funcs for which it is intended.

Under the replace-set proposals a load is refused with EINVAL when a func is
shared with an active livepatch that stays (replace-set, second posting:
20260529034542.68766-3-laoar.shao@gmail.com). This is an error, for shared-funcs
too. The proposals compare names: livepatches that share a function by different
names alone are both loaded, which is the warning of mainline.

Candidates are judged in the order that their names or the versions of their states
give, see KLP403; without one in both, and a pair of which one order loads is KLP410.

Fix: put both changes of the func into one livepatch; or let the newer one
replace the older one (replace = true, or a common set), and carry all of its
funcs. Kernels before 5.1 have no replace field, but for some vendors': there
the first is the only way.`,
	},
}, func(s *moduleset.Set) ([]finding.Finding, error) {
	if !s.Judged() {
		return nil, missing(s)
	}
	refuses := s.RefusesSharing()
	var skip func(moduleset.Row) bool
	if !refuses {
		skip = func(r moduleset.Row) bool { return patchedOnPurpose(s, r) }
	}
	pairs := s.FuncPairs(moduleset.Match{Concerns: func(e moduleset.Effect, _, _ uint64) bool {
		return e == moduleset.Keeps || e == moduleset.Undetermined && !refuses // KLP407 has what the reading of sets decides
	}}, skip)
	return atBoth(s, newOrders(s).inOrder(pairs),
		func(p moduleset.Pair) weight { return weightOfSameFuncs(s, p) },
		func(p moduleset.Pair) pairFinding { return sameFuncs(s, p) },
	)
})

func weightOfSameFuncs(s *moduleset.Set, p moduleset.Pair) weight {
	if s.RefusesSharing() && sharesName(p) {
		return weight{severity: finding.Error}
	}
	undecided := p.Effect == moduleset.Undetermined
	return weight{finding.Warning, undecided}
}

func sameFuncs(s *moduleset.Set, p moduleset.Pair) pairFinding {
	next, active := p.Next.Title(), p.Active.Title()
	if s.RefusesSharing() && !sharesName(p) {
		out, list := sharedFuncs(p, "patches", " too")
		out.Kernel = accepted("the livepatch loaded last runs " + list)
		out.Message = fmt.Sprintf("%s and %s, which %s does not replace, both patch %s: under %s names are compared, so that both load, and %s",
			next, active, next, list, s.ModelNames(), winner(s, p))
		return out
	}
	if s.RefusesSharing() {
		p.Shared = slices.DeleteFunc(slices.Clone(p.Shared), func(x moduleset.Shared) bool { return !sameName(p, x) })
	}
	out, list := sharedFuncs(p, "patches", " too")
	switch {
	case s.RefusesSharing():
		out.Kernel = incompatible(p.Next)
		out.Message = fmt.Sprintf("%s and %s, which %s does not replace, both patch %s: under %s the load is refused with EINVAL when %s",
			next, active, next, list, s.ModelNames(), when(s, p))
	case p.Effect == moduleset.Undetermined:
		out.Kernel = accepted("without replace the livepatch loaded last runs " + list + ", with it the other one is gone")
		out.Message = fmt.Sprintf("%s and %s both patch %s, and whether %s replaces the other is not known (%s): if it does not, both are active and %s; if it does, %s is replaced",
			next, active, list, next, p.Next.Replace.String(), winner(s, p), active)
	default:
		out.Kernel = accepted("the livepatch loaded last runs " + list)
		out.Message = fmt.Sprintf("%s and %s may be active together and both patch %s: under mainline both load and %s",
			next, active, list, winner(s, p))
	}
	return out
}

// sharesName reports whether a pair shares a func by one name.
func sharesName(p moduleset.Pair) bool {
	return slices.ContainsFunc(p.Shared, func(x moduleset.Shared) bool { return sameName(p, x) })
}

func sameName(p moduleset.Pair, x moduleset.Shared) bool {
	return p.Next.Funcs[x.Next].NameKey() == p.Active.Funcs[x.Active].NameKey()
}

// winner says whose code runs under mainline when both are active.
func winner(s *moduleset.Set, p moduleset.Pair) string {
	if byStates(s, p) != nextLater && s.Effect(p.Active.Class(), p.Next.Class()) == moduleset.Keeps {
		return "the one loaded last wins"
	}
	return p.Next.Title() + ", loaded last, wins"
}
