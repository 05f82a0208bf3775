package rules

import (
	"strings"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

// demand is what one option of a kernel's configuration asks of the code that
// is loaded into it.
type demand struct {
	// options are the names of the option, without CONFIG_, by release; one that
	// is set will do.
	options []string
	has     string // what a module has that was built with it
	without string // what the kernel does with a module that has it not
	logs    string // its line about that, "" for none
	// lacks returns what the module has not, nil when it has all that is asked.
	lacks func(*klp.Module) []finding.Finding
}

// demands holds the rules of the family, in the order of their IDs. docs/code.md
// repeats the table.
var demands = []struct {
	rule *Rule
	*demand
}{{klp211, &orcTables}, {klp212, &returnThunks}, {klp213, &retpolines}}

// demandRule defines a rule of the family. Nothing is asked of a module without
// code, and nothing is known where the configuration is not.
func demandRule(r *Rule, d *demand) *Rule {
	return NewKernelRule(r, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
		k, err := kernelOf(t)
		if err != nil {
			return nil, err
		}
		if _, known := k.Config(d.options[0]); !known {
			return nil, &MissingInput{Needs: "the kernel's .config"}
		}
		for _, option := range d.options {
			if value, _ := k.Config(option); value != "y" || !hasCode(m) {
				continue
			}
			list := d.lacks(m)
			for i := range list {
				list[i].Message += ", and the kernel has CONFIG_" + option
				if list[i].Kernel == nil {
					list[i].Kernel = noted(warns(d.logs), d.without)
				}
			}
			return list, nil
		}
		return nil, nil
	})
}

// hasCode reports whether a module has instructions that stay after its init
// function.
func hasCode(m *klp.Module) bool {
	for i := range m.Sections {
		s := &m.Sections[i]
		if s.Size > 0 && s.Flags&(shfAlloc|shfExecinstr) == shfAlloc|shfExecinstr && !strings.HasPrefix(s.Name, ".init") && !strings.HasPrefix(s.Name, ".exit") {
			return true
		}
	}
	return false
}

// hasSection reports whether the module has a section of the name that is not
// empty.
func hasSection(m *klp.Module, name string) bool {
	for i := range m.Sections {
		if s := &m.Sections[i]; s.Name == name {
			return s.Size > 0
		}
	}
	return false
}
