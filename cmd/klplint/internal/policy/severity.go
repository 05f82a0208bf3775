package policy

import "github.com/klplint/klplint/finding"

// severity is that of a finding under the policy: what the team says of its
// rule, else what a gate says, else what the rule said.
func (p *Policy) severity(f *finding.Finding) finding.Severity {
	if s, ok := p.Severity[f.Rule]; ok {
		return s
	}
	if p.Gate && (f.Undecided || refusedByGate(f.Rule)) {
		return finding.Error
	}
	return f.Severity
}

// refusedByGate names the rules whose findings are warnings to a reader and
// errors to a gate: it signs no file that is no livepatch (KLP100), and drops
// no fix that was shipped (KLP404). So it does with a verdict that depends on
// what the module does not tell (finding.Finding.Undecided).
func refusedByGate(id string) bool { return id == "KLP100" || id == "KLP404" }
