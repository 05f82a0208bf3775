package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp220 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.2",
	Tags:     []string{"relocations", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP220",
		Doc: `relocation that the module loader cannot apply

The loader applies the relocations of every allocated section
(arch/*/kernel/module.c: apply_relocate_add). It supports only a few types, none of
them for thread-local storage, global offset tables or large sections. On x86_64
modules are loaded into the top 2 GiB, as -mcmodel=kernel assumes: code compiled for
another code model overflows its relocations, and a target that is not zero, or is
relocated twice, is refused. Targets outside their section and symbol indices beyond
the symbol table are not checked: the loader reads and writes out of bounds. Nor is
what struct module's init and exit, the jump table and the tables of addresses in
code hold: the kernel calls, or patches, what they point to. A call that lost its
relocation goes to the next instruction.

Fix: compile with the kernel's own flags (-mcmodel=kernel -fno-pie), and leave the
relocations as the linker wrote them.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.Relas.Odd {
		o := &m.Relas.Odd[i]
		if c.full() {
			continue
		}
		f := finding.Finding{Location: o.At}
		switch o.Kind {
		case klp.RelaUnknown:
			f.Message = fmt.Sprintf("the loader does not support relocation type %d", o.Type)
			f.Kernel = refused("ENOEXEC", unknownRela(m, o.Type))
		case klp.RelaOverflow:
			f.Message = fmt.Sprintf("the address of %s overflows relocation type %d, which has 4 bytes", show(o.Symbol), o.Type)
			f.Kernel = refused("ENOEXEC", fmt.Sprintf("overflow in relocation type %d; `%s' likely not compiled with -mcmodel=kernel", o.Type, names.Cut(m.Name)))
		case klp.RelaNonzero:
			f.Message = fmt.Sprintf("relocation target already holds %#x", o.Value)
			f.Kernel = refused("ENOEXEC", nonzeroRela(o.Type))
		case klp.RelaTwice:
			f.Message = "two relocations have the same target"
			f.Kernel = refused("ENOEXEC", nonzeroRela(o.Type))
		case klp.RelaBeyondSection:
			f.Message = "relocation target is outside its section"
			f.Kernel = crashes("the loader writes outside the section")
		case klp.RelaBeyondSymbols:
			f.Message = "symbol index of a relocation is beyond the symbol table"
			f.Kernel = crashes("the loader reads a symbol from beyond the table")
		case klp.RelaTable:
			f.Message = fmt.Sprintf("entries of this table have no relocation of type %d against %s", o.Type, show(o.Symbol))
			f.Kernel = crashes("the kernel follows the entry to a place that is none")
		case klp.RelaNoKey:
			f.Message = "the key of a static call is code of the module: " + show(o.Symbol)
			f.Kernel = refused("EINVAL", "Failed to fixup __raw_static_call() usage")
		case klp.RelaInit:
			f.Message = "init or exit of struct module is the import " + show(o.Symbol) + ", which the kernel calls without arguments"
		case klp.RelaMissing:
			f.Message = "a call or jump has no relocation: it leads to the instruction behind it"
			f.Kernel = crashesLater("once the code runs")
		case klp.RelaAstray:
			f.Message = "a call or jump leads to no place in code, or behind the start of the import " + show(o.Symbol)
			if o.Symbol == "" {
				f.Message = "a call or jump leads to no place in code"
			}
			f.Kernel = crashesLater("once the code runs")
		}
		c.add(f)
	}
	if more := m.Relas.OddCount - len(m.Relas.Odd); more > 0 && len(c.list) > 0 {
		last := &c.list[len(c.list)-1]
		last.Message += "; " + plural(more, "more relocation like this is", "more relocations like these are") + " not shown"
		last.Unshown = more
	}
	return c.findings(), nil
})

// unknownRela is what the architecture's loader logs of an unknown type.
func unknownRela(m *klp.Module, typ uint32) string {
	switch m.Arch {
	case klp.ARM64:
		return fmt.Sprintf("module %s: unsupported RELA relocation: %d", names.Cut(m.Name), typ)
	case klp.PPC64LE:
		return fmt.Sprintf("%s: Unknown ADD relocation: %d", names.Cut(m.Name), typ)
	case klp.S390X:
		return fmt.Sprintf("module %s: unknown relocation: %d", names.Cut(m.Name), typ)
	case klp.LoongArch64:
		return fmt.Sprintf("%s: Unknown relocation type: %d", names.Cut(m.Name), typ)
	}
	return fmt.Sprintf("%s: Unknown rela relocation: %d", names.Cut(m.Name), typ)
}

func nonzeroRela(typ uint32) string {
	return fmt.Sprintf("x86/modules: Invalid relocation target, existing value is nonzero for type %d", typ)
}
