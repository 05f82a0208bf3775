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
		Doc: `two different modules of the same name

The name of a module is the one in its .modinfo and in struct module, not that of
its file. While a module of a name is loaded, another of that name is refused with
EEXIST (kernel/module/main.c: module_patient_check_exists), even if it is meant to
replace the first: a livepatch can only be replaced by one of another name.

Copies of one file are not reported.

Fix: give each build of a livepatch a name of its own, with a version or the
kernel's release in it.`,
	},
}, func(s *moduleset.Set) ([]finding.Finding, error) {
	files, err := filesOfOneName(s)
	if err != nil {
		return nil, err
	}
	var pairs []moduleset.Pair
	for _, next := range s.Candidates() {
		for i, copies := range files.of[next.Name] {
			if i == files.index[next] {
				continue
			}
			if len(pairs)+len(copies) > moduleset.MaxPairs {
				return nil, tooMany(&moduleset.TooManyPairs{Max: moduleset.MaxPairs})
			}
			for _, active := range copies {
				pairs = append(pairs, moduleset.Pair{Active: active, Next: next})
			}
		}
	}
	return atBoth(pairs, func(p moduleset.Pair) pairFinding {
		says := "is named " + p.Next.Title() + " too"
		return pairFinding{
			Finding: finding.Finding{
				Kernel:  refused("EEXIST", ""),
				Message: fmt.Sprintf("another module is named %s: while one is loaded, the other is refused with EEXIST, even if it is meant to replace it", p.Next.Title()),
			},
			places: []pairPlace{{nextSays: says, activeSays: says}},
		}
	}), nil
})

// namedFiles are, by name, the members that are copies of one file, and the index of
// each member's file among those of its name.
type namedFiles struct {
	of    map[string][][]*moduleset.Member
	index map[*moduleset.Member]int
}

// filesOfOneName sorts the members of each name by the file that they are copies
// of: a folder may hold ten thousand links to one module, and comparing all pairs of
// those would read each of them ten thousand times.
func filesOfOneName(s *moduleset.Set) (*namedFiles, error) {
	files := &namedFiles{of: make(map[string][][]*moduleset.Member), index: make(map[*moduleset.Member]int)}
	compared := 0
	for _, m := range s.Members {
		if m.Name == "" {
			continue
		}
		known := files.of[m.Name]
		i := 0
		for ; i < len(known); i++ {
			if compared++; compared > moduleset.MaxPairs {
				return nil, tooMany(&moduleset.TooManyPairs{Max: moduleset.MaxPairs})
			}
			same, err := sameFile(s, known[i][0], m)
			if err != nil {
				return nil, err
			}
			if same {
				break
			}
		}
		if i == len(known) {
			known = append(known, nil)
		}
		known[i] = append(known[i], m)
		files.of[m.Name], files.index[m] = known, i
	}
	return files, nil
}

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
