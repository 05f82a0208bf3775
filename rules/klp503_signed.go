package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp503 = NewModuleRule(&Rule{
	Severity: finding.Info,
	Since:    "0.1",
	Tags:     []string{"hygiene", "signature"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP503",
		Doc: `module is already signed

A gate checks modules before they are signed. A module that carries a signature was
signed by somebody else, or has already passed the gate; signing it again appends a
second signature, of which the kernel reads the last (kernel/module/signing.c:
mod_verify_sig).

Fix: give the gate the unsigned module. Where it checks released modules on purpose,
disable this rule.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	s := m.Signature
	if s == nil {
		return nil, nil
	}
	message := "the module is signed"
	if s.Signer != "" {
		message += " by " + names.Cut(s.Signer)
	}
	if s.Hash != "" {
		message += " (" + names.Cut(s.Hash) + ")"
	}
	return []finding.Finding{{Message: message, Location: klp.Location{File: s.At}}}, nil
})
