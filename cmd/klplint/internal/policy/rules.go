package policy

import (
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/rules"
)

// Rules returns the rules about the policy itself, in the order of their IDs.
func Rules() []*rules.Rule { return []*rules.Rule{klp590(), klp591()} }

// nothing is the check of a rule whose findings Judge makes.
func nothing(*klp.Module) ([]finding.Finding, error) { return nil, nil }
