package rules

import (
	"strings"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/kernel"
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
	// arch is the only one whose code shows whether a module has it; "" where
	// that is the same for all.
	arch klp.Arch
	// lacks returns what the module has not, nil when it has all that is asked.
	lacks func(*klp.Module) []finding.Finding
}

// demands holds the rules of the family, in the order of their IDs. docs/code.md
// repeats the table.
var demands = []struct {
	rule *Rule
	*demand
}{{klp211, &orcTables}, {klp212, &returnThunks}, {klp213, &retpolines}, {klp214, &endbr}, {klp215, &typeHashes}, {klp215, &branchTargets}}

// demandRule defines a rule of the family. Nothing is asked of a module without
// code, and nothing is known where the configuration is not.
func demandRule(r *Rule, list ...*demand) *Rule {
	return NewKernelRule(r, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
		k, err := kernelOf(t)
		if err != nil {
			return nil, err
		}
		if _, known := k.Config(list[0].options[0]); !known {
			return nil, &MissingInput{Needs: "the kernel's .config"}
		}
		if !hasCode(m) {
			return nil, nil
		}
		var found []finding.Finding
		var w wanting
		for _, d := range list {
			option := d.optionOf(k)
			switch {
			case option == "":
			case d.arch != "" && d.arch != m.Arch:
				w.add("what CONFIG_" + option + " requires of " + string(m.Arch) + " code")
			default:
				found = append(found, d.judge(m, option)...)
			}
		}
		return found, w.err()
	})
}

// optionOf returns the option that is set; "" where none is.
func (d *demand) optionOf(k *kernel.Kernel) string {
	for _, option := range d.options {
		if value, _ := k.Config(option); value == "y" {
			return option
		}
	}
	return ""
}

// judge completes what a module lacks for a kernel with an option.
func (d *demand) judge(m *klp.Module, option string) []finding.Finding {
	list := d.lacks(m)
	for i := range list {
		list[i].Message += ", and the kernel has CONFIG_" + option
		if list[i].Kernel == nil {
			list[i].Kernel = noted(warns(d.logs), d.without)
		}
	}
	return list
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
	s := sectionNamed(m, name)
	return s != nil && s.Size > 0
}

// sectionNamed returns the first section of the name; nil where there is none.
func sectionNamed(m *klp.Module, name string) *klp.Section {
	for i := range m.Sections {
		if m.Sections[i].Name == name {
			return &m.Sections[i]
		}
	}
	return nil
}
