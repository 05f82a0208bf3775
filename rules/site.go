package rules

import "github.com/klplint/klplint/klp"

// Site is what a team has laid down for its livepatches. The zero Site lays
// down nothing.
type Site struct {
	// Expected returns what a module of that name is meant to contain, nil for
	// one that nothing is laid down for. The func is nil where there is no such
	// list at all (--expect).
	Expected func(module string) *Expected
	// Toolchain builds the team's livepatches; "" where any may (--profile).
	Toolchain klp.Toolchain
}

// SiteRules returns the rules that hold modules to a Site, in the order of their
// IDs. All leaves them out, because they are made anew for each Site. Those
// that the Site has nothing for are NonDefault, and not evaluated when they
// are enabled all the same.
func SiteRules(s Site) []*Rule {
	return []*Rule{klp580(s.Expected), klp581, klp582(s.Toolchain)}
}
