package rules

import (
	"cmp"
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

Copies of one file are not reported, nor is what --against names and is the module
itself, signed or packed.

Fix: give each build of a livepatch a name of its own, with a version or the
kernel's release in it.`,
	},
}, func(s *moduleset.Set) ([]finding.Finding, error) {
	files, err := filesOfOneName(s)
	if err != nil {
		return nil, err
	}
	pairs := func(yield func(moduleset.Pair) bool) {
		for _, next := range s.Candidates() {
			for _, copies := range files.different[next.Name] {
				if files.file[copies[0]] == files.file[next] {
					continue
				}
				for _, active := range copies {
					if !yield(moduleset.Pair{Active: active, Next: next}) {
						return
					}
				}
			}
		}
	}
	return reportPairs(s, pairs, always, func(p moduleset.Pair) pairFinding {
		says := "is named " + p.Next.Title() + " too"
		return pairFinding{
			Finding: finding.Finding{
				Kernel:  refused("EEXIST", ""),
				Message: fmt.Sprintf("another module is named %s: while one is loaded, the other is refused with EEXIST, even if it is meant to replace it", p.Next.Title()),
			},
			places: []pairPlace{{next: side{says: says}, active: side{says: says}}},
		}
	})
})

// namedFiles are the members of each name that a candidate has, and of which file each is a copy.
type namedFiles struct {
	of   map[string][]*moduleset.Member
	file map[*moduleset.Member]string
	// different are the copies of each file, of the names that several files have.
	different map[string][][]*moduleset.Member
}

// filesOfOneName tells copies of one file apart from different ones. A folder may
// hold ten thousand links to one module: each file is read once at most, and only
// where another one has its name.
func filesOfOneName(s *moduleset.Set) (*namedFiles, error) {
	files := &namedFiles{of: make(map[string][]*moduleset.Member), file: make(map[*moduleset.Member]string), different: make(map[string][][]*moduleset.Member)}
	for _, m := range s.Candidates() {
		if m.Name != "" {
			files.of[m.Name] = nil
		}
	}
	for _, m := range s.Members {
		if list, asked := files.of[m.Name]; asked {
			files.of[m.Name] = append(list, m)
		}
	}
	for _, m := range s.Members {
		if members := files.of[m.Name]; len(members) > 1 && members[0] == m {
			if err := files.tellApart(s, members); err != nil {
				return nil, err
			}
			files.split(m.Name, members)
		}
	}
	return files, nil
}

// split gathers the copies of each file, in the order of the first ones.
func (f *namedFiles) split(name string, members []*moduleset.Member) {
	index := make(map[string]int)
	var copies [][]*moduleset.Member
	for _, m := range members {
		i, known := index[f.file[m]]
		if !known {
			i = len(copies)
			index[f.file[m]] = i
			copies = append(copies, nil)
		}
		copies[i] = append(copies[i], m)
	}
	if len(copies) > 1 {
		f.different[name] = copies
	}
}

// tellApart goes by digests. Where one is not known, a file of a size that no
// other has is told by its path, and the others are read.
func (f *namedFiles) tellApart(s *moduleset.Set, members []*moduleset.Member) error {
	first := make(map[int64]string) // path, by size
	several := make(map[int64]bool)
	for _, m := range members {
		if path, ok := first[m.Size]; ok && path != m.Path {
			several[m.Size] = true
		}
		first[m.Size] = m.Path
	}
	digests := make(map[string]string) // by path
	for _, m := range members {
		file := cmp.Or(m.SHA256, digests[m.Path])
		if file == "" && several[m.Size] && s.Options.Digest != nil {
			var err error
			if file, err = s.Options.Digest(m.Path); err != nil {
				return fmt.Errorf("compare %s with others of its name: %w", m.Path, err)
			}
			digests[m.Path] = file
		}
		f.file[m] = cmp.Or(file, m.Path)
	}
	return nil
}
