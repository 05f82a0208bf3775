package rules

import (
	"fmt"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
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
}, func(s *Set) ([]finding.Finding, error) {
	var names []string
	for name, members := range s.names {
		if len(members) > 1 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var findings []finding.Finding
	for _, name := range names {
		f, err := s.sameName(name)
		if err != nil {
			return findings, err
		}
		if f != nil {
			findings = append(findings, *f)
		}
	}
	return findings, nil
})

// sameName compares the last candidate of a name with the others of it.
func (s *Set) sameName(name string) (*finding.Finding, error) {
	members := s.names[name]
	at := -1
	for i, m := range members {
		if !s.Members[m].Baseline {
			at = i
		}
	}
	if at < 0 {
		return nil, nil
	}
	next := s.Members[members[at]]
	out := &finding.Finding{Module: next.Path, Kernel: refused("EEXIST", "")}
	total := 0
	for i, m := range members {
		if i == at {
			continue
		}
		other := s.Members[m]
		same, err := s.sameFile(next, other)
		if err != nil {
			return nil, err
		}
		if same {
			continue
		}
		if total++; total <= maxListed {
			out.Related = append(out.Related, finding.Related{Module: other.Path, Message: "is named " + other.title() + " too", Location: klp.Location{}})
		}
	}
	if total == 0 {
		return nil, nil
	}
	out.Message = fmt.Sprintf("another module is named %s: while one is loaded, the other is refused with EEXIST, also where it is meant to replace it", next.title())
	if total > 1 {
		out.Message = fmt.Sprintf("%d other modules are named %s: while one is loaded, the others are refused with EEXIST, also where they are meant to replace it", total, next.title())
	}
	return out, nil
}

// sameFile reports whether two modules are copies of one file.
func (s *Set) sameFile(a, b *Member) (bool, error) {
	switch {
	case a.Path == b.Path:
		return true, nil
	case a.SHA256 != "" && b.SHA256 != "":
		return a.SHA256 == b.SHA256, nil
	case a.Size != b.Size || s.Options.SameFile == nil:
		return false, nil
	}
	same, err := s.Options.SameFile(a.Path, b.Path)
	if err != nil {
		return false, fmt.Errorf("compare %s and %s: %w", a.Path, b.Path, err)
	}
	return same, nil
}
