package policy

import (
	"cmp"
	"slices"
	"time"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/rules"
)

// Policy is what a team has decided about findings, and what a run asks of
// them. The zero Policy lets everything count and nothing fail.
type Policy struct {
	// Severity overrides the severities of rules, by ID.
	Severity map[string]finding.Severity
	Waivers  []Waiver
	// Known are accepted findings; nil when there is no such file.
	Known *Known
	// Accept: every finding that is not waived counts as known.
	Accept bool
	// Now is the time by which waivers expire.
	Now time.Time
	// Protected are the IDs of the rules whose findings Known does not accept.
	Protected map[string]bool
	// Rules are the rules of the run; KLP590 and KLP591 report only when they
	// are among them.
	Rules []*rules.Rule

	// FailOn is the severity from which on a finding that counts makes its
	// module and the run fail; 0 means never.
	FailOn finding.Severity
	// Require names what may not stay unevaluated: rule IDs, or "kernel" for
	// whatever needs a kernel.
	Require []string
	// AllowEmpty: a run without a livepatch is no failure, but in a gate.
	AllowEmpty bool
	// Gate: the verdict admits modules to a registry. What a gate does not let
	// pass is an error, see severity.
	Gate bool
	// Partial: other rules will add findings before the run is judged, so that
	// no waiver is called unused yet.
	Partial bool
}

// Judge returns the verdict on a run. The result stays as it is; the verdict
// shares its lists of errors and of rules that were not evaluated.
func (p *Policy) Judge(r *lint.Result) *Verdict {
	run := newRun(p, r)
	v := &Verdict{Findings: p.decide(r, run), NotEvaluated: r.NotEvaluated, Errors: r.Errors}
	v.Summary = lint.Summary{Modules: r.Summary.Modules, Skipped: r.Summary.Skipped, Errors: len(r.Errors)}
	failed := make(map[string]bool)
	seen := make(map[string]bool, len(v.Findings))
	for i := range v.Findings {
		f := &v.Findings[i]
		seen[f.Fingerprint] = true
		switch {
		case f.Waiver != nil:
			v.Waived++
		case f.Known:
			v.Known++
		default:
			v.Summary.Count(f.Severity)
			if p.FailOn != 0 && f.Severity >= p.FailOn {
				failed[f.Module] = true
			}
		}
	}
	v.Modules = make([]Module, len(r.Modules))
	for i := range r.Modules {
		v.Modules[i] = Module{r.Modules[i], moduleVerdict(&r.Modules[i], failed[r.Modules[i].Path])}
	}
	v.Fixed = p.fixed(run, seen)
	v.Unmet = p.unmet(r)
	v.ExitCode, v.NoModule = p.exitCode(v, len(failed) > 0)
	return v
}

// decide gives each finding its severity and says what accepts it, and adds
// what is to say about the waivers themselves.
func (p *Policy) decide(r *lint.Result, run *run) []Finding {
	decided := make([]Finding, 0, len(r.Findings))
	waivers := indexWaivers(p.Waivers, p.Now)
	for i, print := range Fingerprints(r.Findings, run.names) {
		f := Finding{Finding: r.Findings[i], Fingerprint: print}
		f.Severity = p.severity(&f.Finding)
		if f.Waiver = waivers.take(&f.Finding, run.name(f.Module)); f.Waiver == nil {
			f.Known = p.knows(&f)
		}
		decided = append(decided, f)
	}
	for _, f := range waivers.findings(p, run) {
		f.Known = p.knows(&f)
		decided = append(decided, f)
	}
	slices.SortStableFunc(decided, func(a, b Finding) int { return cmp.Compare(a.Module, b.Module) })
	return decided
}

// knows reports whether the finding is accepted as a known one. One that sums up
// others never is: an entry for it would accept modules, funcs or symbols to come.
func (p *Policy) knows(f *Finding) bool {
	if f.More > 0 || f.Unshown > 0 {
		return false // it does not name all that it is about
	}
	if p.Accept {
		return true
	}
	return p.Known != nil && p.Known.prints[f.Fingerprint] && !p.Protected[f.Rule]
}

// run is what is known of the run: which rules judged which modules.
type run struct {
	names        map[string]string // by path; the name that waivers match
	modules      []lint.Module
	ids          map[string]bool
	notEvaluated map[[2]string]bool // rule and path, path "" for all
}

func newRun(p *Policy, r *lint.Result) *run {
	u := &run{
		names:        make(map[string]string, len(r.Modules)),
		modules:      r.Modules,
		ids:          make(map[string]bool, len(p.Rules)),
		notEvaluated: make(map[[2]string]bool, len(r.NotEvaluated)),
	}
	for i := range r.Modules {
		m := &r.Modules[i]
		u.names[m.Path] = nameOf(m.Name, m.Path)
	}
	for _, rule := range p.Rules {
		u.ids[rule.ID()] = true
	}
	for _, n := range r.NotEvaluated {
		u.notEvaluated[[2]string{n.Rule, n.Module}] = true
	}
	return u
}

func (u *run) name(path string) string {
	if name, ok := u.names[path]; ok {
		return name
	}
	return nameOf("", path)
}

// judged reports whether the rule was evaluated for a module whose name fits.
func (u *run) judged(rule string, fits func(name string) bool) bool {
	if !u.ids[rule] || u.notEvaluated[[2]string{rule, ""}] {
		return false
	}
	for i := range u.modules {
		m := &u.modules[i]
		if !m.Errored && !u.notEvaluated[[2]string{rule, m.Path}] && fits(u.names[m.Path]) {
			return true
		}
	}
	return false
}
