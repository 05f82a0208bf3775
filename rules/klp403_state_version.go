package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
)

var klp403 = NewSetRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"set", "conflict", "states"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP403",
		Doc: `a state of an active livepatch is at a lower version in the new one, or lacking

klp_is_patch_compatible() (kernel/livepatch/state.c) looks up every state of
every active livepatch in the new one. A lower version is refused with EINVAL,
whether or not the new one replaces; a state that is lacking is refused where
the new one replaces the livepatch that has it. Of duplicate ids the first entry
of the new livepatch counts, and every one of the active. Under the replace-set
proposals both hold towards the livepatches that are replaced; towards the
others KLP402 holds.

Candidates are judged in both orders: going back from the newer to the older one
is refused too. Give the older ones with --against where only the way forward
matters.

Fix: carry every state of the livepatch that is replaced, at the same or a higher
version, and migrate or undo it in the callbacks
(Documentation/livepatch/system-state.rst).`,
	},
}, func(s *Set) ([]finding.Finding, error) {
	if s.problem != "" {
		return nil, s.missing()
	}
	j := newStateJudge(s)
	var findings []finding.Finding
	for i, id := range s.states.ids {
		if f, ok := j.lower(uint32(i)); ok {
			findings = append(findings, s.lowerState(id, &f))
		}
	}
	j.findLacking()
	for i, id := range s.states.ids {
		if l := &j.lacking[i]; l.count > 0 {
			findings = append(findings, s.lackingState(id, l))
		}
	}
	return findings, s.missing()
})

func (s *Set) lowerState(id uint64, f *fold) finding.Finding {
	next, active := s.Members[f.next.member], s.Members[f.active.member]
	return finding.Finding{
		Module: next.Path, Location: next.stateAt(f.next.row), Kernel: incompatible(next),
		Message: fmt.Sprintf("%s has state %d at version %d, %s at version %d: under %s the load is refused with EINVAL when %s%s",
			next.title(), id, next.states[f.next.row].version, active.title(), active.states[f.active.row].version, s.modelNames(), s.whenOnce(active), moreLower(f)),
		Related: []finding.Related{{Module: active.Path, Message: fmt.Sprintf("%s has state %d at version %d", active.title(), id, active.states[f.active.row].version), Location: active.stateAt(f.active.row)}},
	}
}

func (s *Set) lackingState(id uint64, l *lack) finding.Finding {
	next, active := s.Members[l.next], s.Members[l.active.member]
	out := finding.Finding{
		Module: next.Path, Location: next.Replace.At, Kernel: incompatible(next),
		Related: []finding.Related{{Module: active.Path, Message: fmt.Sprintf("%s has state %d", active.title(), id), Location: active.stateAt(l.active.row)}},
	}
	more := ""
	if l.count > 1 {
		more = fmt.Sprintf("; so do %d more modules", l.count-1)
	}
	if l.undecided {
		out.Severity, out.Undecided = finding.Warning, true
		out.Message = fmt.Sprintf("%s lacks state %d of %s, and whether it replaces is not known (%s): if it does, the load is refused with EINVAL when %s; if it does not, it is accepted%s",
			next.title(), id, active.title(), next.Replace.String(), s.whenOnce(active), more)
		return out
	}
	out.Message = fmt.Sprintf("%s replaces %s and lacks its state %d: under %s the load is refused with EINVAL when %s%s",
		next.title(), active.title(), id, s.modelNames(), s.whenOnce(active), more)
	return out
}

// whenOnce is for what is refused in one order only.
func (s *Set) whenOnce(active *Member) string {
	if active.Baseline {
		return active.title() + ", already built, is active"
	}
	return active.title() + " was loaded before it"
}

func moreLower(f *fold) string {
	switch {
	case f.total <= 1:
		return ""
	case f.total == 2:
		return "; 1 more candidate has a lower version than a module that it meets"
	}
	return fmt.Sprintf("; %d more candidates have a lower version than a module that they meet", f.total-1)
}
