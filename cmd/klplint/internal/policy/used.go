package policy

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/klplint/klplint/finding"
)

// waiverIndex finds the waiver of a finding and remembers which ones were of
// use.
type waiverIndex struct {
	all     []Waiver
	used    []bool
	expired []bool
	byRule  map[string][]int
}

func indexWaivers(all []Waiver, now time.Time) *waiverIndex {
	x := &waiverIndex{all: all, used: make([]bool, len(all)), expired: make([]bool, len(all)), byRule: make(map[string][]int)}
	for i := range all {
		x.byRule[all[i].Rule] = append(x.byRule[all[i].Rule], i)
		x.expired[i] = all[i].Expired(now)
	}
	return x
}

// take returns the first waiver in force that covers the finding, nil when
// none does. Every other one that would have covered it counts as used too:
// which of two overlapping waivers is the useless one is for people to say.
func (x *waiverIndex) take(f *finding.Finding, module string) *Waiver {
	var first *Waiver
	for _, i := range x.byRule[f.Rule] {
		if !x.all[i].covers(f, module) {
			continue
		}
		x.used[i] = true
		if first == nil && !x.expired[i] {
			first = &x.all[i]
		}
	}
	return first
}

// findings says which waivers are expired, and which had nothing to waive
// although their rule was evaluated for a module that they name.
func (x *waiverIndex) findings(p *Policy, u *run) []Finding {
	var list []finding.Finding
	names := make(map[string]string)
	for i := range x.all {
		w := &x.all[i]
		f := finding.Finding{Module: w.File, Object: w.Object, Func: w.Func}
		names[w.File] = filepath.Base(w.File)
		switch {
		case x.expired[i]:
			f.Rule, f.Severity = klp591ID, finding.Warning
			f.Message = fmt.Sprintf("line %d: the waiver of %s for %s expired on %s%s", w.Line, w.Rule, w.Module, w.Until.Format(time.DateOnly), owner(w))
		case !x.used[i] && !p.Partial && u.judged(w.Rule, func(name string) bool { return matches(w.Module, name) }):
			f.Rule, f.Severity = klp590ID, finding.Warning
			f.Message = fmt.Sprintf("line %d: unused waiver of %s for %s%s", w.Line, w.Rule, w.Module, owner(w))
		default:
			continue
		}
		if !u.ids[f.Rule] {
			continue
		}
		f.Severity = p.severity(&f)
		list = append(list, f)
	}
	out := make([]Finding, len(list))
	for i, print := range Fingerprints(list, names) {
		out[i] = Finding{Finding: list[i], Fingerprint: print}
	}
	return out
}

func owner(w *Waiver) string {
	if w.Owner == "" {
		return ""
	}
	return " (owner " + w.Owner + ")"
}
