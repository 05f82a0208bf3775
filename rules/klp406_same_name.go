package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/moduleset"
)

var klp406 = NewSetRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"set", "conflict"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP406",
		Doc: `two different modules of one name

The name of a module is the one in its .modinfo and in struct module, not that of
its file. While a module of a name is loaded, another of that name is refused
with EEXIST (kernel/module/main.c: module_patient_check_exists), also where it is
meant to replace the first: a livepatch is replaced only by one of another name.

Copies of one file are not reported.

Fix: give each build of a livepatch a name of its own, with a version or the
kernel's release in it.`,
	},
}, func(s *moduleset.Set) ([]finding.Finding, error) {
	named := make(map[string][]*moduleset.Member)
	for _, m := range s.Members {
		if m.Name != "" {
			named[m.Name] = append(named[m.Name], m)
		}
	}
	var pairs []moduleset.Pair
	for _, next := range s.Candidates() {
		if len(pairs)+len(named[next.Name]) > moduleset.MaxPairs {
			return nil, tooMany(&moduleset.TooManyPairs{Max: moduleset.MaxPairs})
		}
		for _, active := range named[next.Name] {
			if active == next {
				continue
			}
			same, err := sameFile(s, next, active)
			if err != nil {
				return nil, err
			}
			if !same {
				pairs = append(pairs, moduleset.Pair{Active: active, Next: next})
			}
		}
	}
	return atBoth(pairs, func(p moduleset.Pair) pairFinding {
		says := "is named " + p.Next.Title() + " too"
		return pairFinding{
			Finding: finding.Finding{
				Kernel:  refused("EEXIST", ""),
				Message: fmt.Sprintf("another module is named %s: while one is loaded, the other is refused with EEXIST, also where it is meant to replace it", p.Next.Title()),
			},
			places: []pairPlace{{nextSays: says, activeSays: says}},
		}
	}), nil
})

// sameFile reports whether two modules are copies of one file.
func sameFile(s *moduleset.Set, a, b *moduleset.Member) (bool, error) {
	switch {
	case a.SHA256 != "" && b.SHA256 != "":
		return a.SHA256 == b.SHA256, nil
	case a.Path == b.Path:
		return true, nil
	case a.Size != b.Size || s.Options.SameFile == nil:
		return false, nil
	}
	same, err := s.Options.SameFile(a.Path, b.Path)
	if err != nil {
		return false, fmt.Errorf("compare %s and %s: %w", a.Path, b.Path, err)
	}
	return same, nil
}
