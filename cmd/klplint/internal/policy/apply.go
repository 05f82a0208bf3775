package policy

import (
	"cmp"
	"slices"
	"time"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/rules"
)

// Policy is what a team has decided about findings.
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
	// Protected tells the rules whose findings are not accepted by Known.
	Protected func(id string) bool
	// Rules are the rules of the run; KLP590 and KLP591 report only when they
	// are among them.
	Rules []*rules.Rule
}

// Decision is what became of one finding. The zero Decision: it counts.
type Decision struct {
	Waiver *Waiver // nil when none waives it
	Known  bool    // and not waived
}

// Accepted reports whether the finding does not count any more.
func (d *Decision) Accepted() bool { return d.Waiver != nil || d.Known }

// Outcome is what Apply has to say beside the changed result.
type Outcome struct {
	// Decisions and Fingerprints are those of the result's findings, in their
	// order.
	Decisions    []Decision
	Fingerprints []string
	// Fixed are entries of Known that no longer occur, although their rule was
	// evaluated for their module.
	Fixed []KnownFinding
}

// Apply changes the findings of a result: severities, then waivers, then known
// findings. It adds what is to say about the waivers. Nothing is taken away.
func (p *Policy) Apply(r *lint.Result) *Outcome {
	run := newRun(p, r)
	findings := r.Findings
	for i := range findings {
		if s, ok := p.Severity[findings[i].Rule]; ok {
			findings[i].Severity = s
		}
	}
	prints := Fingerprints(findings, run.names)
	waivers := indexWaivers(p.Waivers, p.Now)
	decided := make([]judgedFinding, 0, len(findings))
	seen := make(map[string]bool, len(findings))
	for i := range findings {
		f := &findings[i]
		seen[prints[i]] = true
		var d Decision
		if d.Waiver = waivers.take(f, run.name(f.Module)); d.Waiver == nil {
			d.Known = p.knows(f, prints[i])
		}
		decided = append(decided, judgedFinding{*f, prints[i], d})
	}
	for _, f := range waivers.findings(p, run) {
		seen[f.print] = true
		f.decision.Known = p.knows(&f.finding, f.print)
		decided = append(decided, f)
	}
	slices.SortStableFunc(decided, func(a, b judgedFinding) int { return cmp.Compare(a.finding.Module, b.finding.Module) })
	out := &Outcome{Decisions: make([]Decision, len(decided)), Fingerprints: make([]string, len(decided))}
	r.Findings = make([]finding.Finding, len(decided))
	for i := range decided {
		r.Findings[i], out.Fingerprints[i], out.Decisions[i] = decided[i].finding, decided[i].print, decided[i].decision
	}
	if p.Known != nil {
		for _, k := range p.Known.Findings {
			if !seen[k.Fingerprint] && run.judged(k.Rule, func(name string) bool { return name == k.Module }) {
				out.Fixed = append(out.Fixed, k)
			}
		}
	}
	return out
}

// Counting returns the findings that were not accepted, in their order.
func (o *Outcome) Counting(findings []finding.Finding) []finding.Finding {
	counting := make([]finding.Finding, 0, len(findings))
	for i := range findings {
		if !o.Decisions[i].Accepted() {
			counting = append(counting, findings[i])
		}
	}
	return counting
}

// judgedFinding is a finding with its fingerprint and what became of it.
type judgedFinding struct {
	finding  finding.Finding
	print    string
	decision Decision
}

// knows reports whether the finding is accepted as a known one.
func (p *Policy) knows(f *finding.Finding, print string) bool {
	if p.Accept {
		return true
	}
	if p.Known == nil || !p.Known.prints[print] {
		return false
	}
	return p.Protected == nil || !p.Protected(f.Rule)
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
		if m.Verdict != lint.Errored && !u.notEvaluated[[2]string{rule, m.Path}] && fits(u.names[m.Path]) {
			return true
		}
	}
	return false
}
