package policy

import (
	"github.com/klplint/klplint/cmd/klplint/internal/manifest"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/rules"
)

// Rules returns the rules about what a team has written down, in the order of
// their IDs. expected may be nil: the rule that compares with it is then off,
// as is the one about the toolchain when that is "".
func Rules(expected *manifest.Manifest, toolchain klp.Toolchain) []*rules.Rule {
	return []*rules.Rule{klp580(expected), klp581(), klp582(toolchain), klp590(), klp591()}
}

// nothing is the check of a rule whose findings Judge makes.
func nothing(*klp.Module) ([]finding.Finding, error) { return nil, nil }
