package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
)

var klp401 = NewSetRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"set", "conflict"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP401",
		Doc: `two livepatches that may be active together patch the same func

Two funcs are the same when object, name and position are equal, where the
positions 0 and 1 are one (kernel/livepatch/core.c: klp_find_func).

Under mainline both livepatches load, and the code of the one loaded last runs
(kernel/livepatch/patch.c: klp_ftrace_handler takes the first of func_stack):
the other fix is out of force without a word. Livepatches that replace each
other are not reported: a cumulative one may carry the same func as often as it
likes. This is a warning; option shared-funcs names funcs for which it is meant.

Under the replace-set proposals a load is refused with EINVAL when a func is
shared with an active livepatch that stays (replace-set, second posting:
20260529034542.68766-3-laoar.shao@gmail.com). This is an error, for shared-funcs
too.

Fix: put both changes of the func into one livepatch; or let the newer one
replace the older one (replace = true, or a common set), and carry all of its
funcs.`,
	},
}, func(s *Set) ([]finding.Finding, error) {
	if s.problem != "" {
		return nil, s.missing()
	}
	var findings []finding.Finding
	folds := newFolder(s)
	for key := range s.keys {
		rows := s.funcs.of(uint32(key))
		if len(rows) < 2 {
			continue
		}
		first := s.keys[key]
		if !s.underSets() && s.shared(s.Members[first.member], first.row) {
			continue
		}
		if f, ok := folds.fold(rows, stays); ok {
			findings = append(findings, s.sameFunc(&f))
		} else if !s.underSets() { // under both readings of the sets KLP407 has it
			if f, ok := folds.fold(rows, depends); ok {
				findings = append(findings, s.sameFuncDepends(&f))
			}
		}
	}
	return findings, s.missing()
})

func (s *Set) sameFunc(f *fold) finding.Finding {
	next, active := s.Members[f.next.member], s.Members[f.active.member]
	title := next.funcTitle(f.next.row)
	out := s.sharedFunc(f)
	if s.underSets() {
		out.Kernel = incompatible(next)
		out.Message = fmt.Sprintf("%s and %s, which %s does not replace, both patch %s: under %s the load is refused with EINVAL when %s%s",
			next.title(), active.title(), next.title(), title, s.modelNames(), s.when(active, next), f.more())
		return out
	}
	out.Severity = finding.Warning
	out.Kernel = accepted("the livepatch loaded last runs " + title)
	out.Message = fmt.Sprintf("%s and %s may be active together and both patch %s: under mainline both load and %s%s",
		next.title(), active.title(), title, s.winner(active, next), f.more())
	return out
}

// sameFuncDepends is for a pair of which one may replace the other, where that
// is not known.
func (s *Set) sameFuncDepends(f *fold) finding.Finding {
	next, active := s.Members[f.next.member], s.Members[f.active.member]
	title := next.funcTitle(f.next.row)
	out := s.sharedFunc(f)
	out.Severity, out.Undecided = finding.Warning, true
	out.Kernel = accepted("without replace the livepatch loaded last runs " + title + ", with it the other one is gone")
	out.Message = fmt.Sprintf("%s and %s both patch %s, and whether %s replaces the other is not known (%s): if it does not, both are active and %s; if it does, %s is replaced%s",
		next.title(), active.title(), title, next.title(), next.Replace.String(), s.winner(active, next), active.title(), f.more())
	return out
}

func (s *Set) sharedFunc(f *fold) finding.Finding {
	next := s.Members[f.next.member]
	return finding.Finding{
		Module: next.Path, Object: next.object(f.next.row), Func: next.funcName(f.next.row), Location: next.funcAt(f.next.row),
		Related: s.related(f, "patches it too", (*Member).funcAt),
	}
}

// winner says whose code runs under mainline when both are active.
func (s *Set) winner(active, next *Member) string {
	if !active.Baseline && s.fate(next, active) == stays {
		return "the one loaded last wins"
	}
	return next.title() + ", loaded last, wins"
}
