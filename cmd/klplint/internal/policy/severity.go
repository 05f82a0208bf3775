package policy

import (
	"cmp"

	"github.com/klplint/klplint/finding"
)

// severity is that of a finding under the policy: what the team says of its
// rule, else what a gate says, else what the rule said.
func (p *Policy) severity(f *finding.Finding) finding.Severity {
	if s, ok := p.Severity[f.Rule]; ok {
		return s
	}
	if !p.Gate {
		return f.Severity
	}
	if f.Undecided {
		return finding.Error // no file is signed on a verdict that may be the other one
	}
	return cmp.Or(p.gateSeverity(f.Rule), f.Severity)
}

// gateSeverity is what the rule says of its findings in an admission gate; 0
// where it says nothing.
func (p *Policy) gateSeverity(id string) finding.Severity {
	for _, r := range p.Rules {
		if r.ID() == id {
			return r.GateSeverity
		}
	}
	return 0
}
