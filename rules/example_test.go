package rules_test

import (
	"fmt"
	"log"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/rules"
)

// Rules are chosen by ID, glob or tag.
func ExampleSelect() {
	chosen, err := rules.Select(rules.All(), nil, []string{"KLP[2-5]*", "KLP10[2-9]", "KLP11*", "KLP12*"})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range chosen {
		fmt.Println(r.ID(), r.Severity, r.Title())
	}
	// Output:
	// KLP100 warning file is not a livepatch module
	// KLP101 error module is not marked as a livepatch
}

// A farm's own rule judges one module; the driver (lint.Config.Rules) runs it
// beside klplint's own.
func ExampleNewModuleRule() {
	signed := rules.NewModuleRule(&rules.Rule{
		Severity: finding.Warning,
		Since:    "1",
		Analyzer: &analysis.Analyzer{Name: "FARM002", Doc: "module is signed already\n\nThis farm signs in its last step.\n\nFix: leave the signature to the farm."},
	}, func(m *klp.Module) ([]finding.Finding, error) {
		if m.Signature == nil {
			return nil, nil
		}
		return []finding.Finding{{Message: "the module is signed by " + m.Signature.Signer}}, nil
	})
	fmt.Println(signed.ID(), signed.Severity, signed.Title(), signed.Requires(rules.ModuleInput))
	// Output: FARM002 warning module is signed already true
}
