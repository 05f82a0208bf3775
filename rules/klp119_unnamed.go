package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp119 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.2",
	Tags:     []string{"module", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP119",
		Doc: `replacement has no symbol of its own

The kernel asks kallsyms for the size of each replacement (kernel/livepatch/core.c:
klp_init_object_loaded). It takes the nearest symbol with a name at or before the
address, in the module's own code: without any, the load ends with ENOENT; with
another function's symbol, stacks are checked against a wrong size. Names such as
.L1 do not count, nor does an address that a relocation with the null symbol gives.
Kernels before 6.12 may find a symbol of a lower address anywhere and load the module
with that size.

Fix: keep the symbol table whole: strip -g, never strip -x, --discard-all or
--strip-unneeded.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	if m.Symtab.Missing {
		return nil, nil // KLP114
	}
	var c collector
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		for j := range o.Funcs {
			f := &o.Funcs[j]
			number := f.New.Import && f.New.Nameless
			if c.full() || !number && (!f.New.Nameless && (f.New.Symbol != "" || f.New.Symbols) || f.New.Null || f.New.Import || f.New.At.Section == "" || !f.New.Exec || f.New.Init) {
				continue
			}
			add := finding.Finding{
				Message:  "the replacement of " + patched(o, f) + " has no symbol",
				Object:   o.Name,
				Func:     funcName(f),
				Location: f.New.At,
				Kernel:   refused("ENOENT", "kallsyms size lookup failed for '"+names.Cut(f.Name)+"' replacement"),
			}
			switch {
			case number:
				add.Message = "the replacement of " + patched(o, f) + " is a number, no address of a function"
			case f.New.Nameless && behaviourOf(m).LookupWithinRegion != klp.Yes:
				add.Kernel = accepted("with the size of any symbol of a lower address; ENOENT where there is none")
			case !f.New.Nameless:
				add.Message += ": kallsyms attributes it to the preceding function"
				add.Kernel = accepted("with the size of another function")
			}
			c.add(add)
		}
	}
	return c.findings(), nil
})
