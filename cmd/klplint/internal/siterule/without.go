//go:build nocel

package siterule

import (
	"github.com/klplint/klplint/cmd/klplint/internal/config"
	"github.com/klplint/klplint/rules"
)

// Compile refuses custom rules: this build is without cel-go, for the sake of
// its start.
func Compile(list []config.Rule) ([]*rules.Rule, error) {
	if len(list) == 0 {
		return nil, nil
	}
	return nil, list[0].FailID("this klplint was built without custom rules (-tags nocel)")
}
