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
		Doc: `relocation that the module loader does not apply

The loader applies the relocations of every allocated section
(arch/*/kernel/module.c: apply_relocate_add). It knows a few types only: none of
thread-local storage, global offset tables or large sections. On x86_64 modules lie
in the highest two gigabytes, for which -mcmodel=kernel compiles: an address made
for another code model does not fit its four bytes. There too a place that holds a
value before, or that a relocation filled already, is refused. Places outside their
section and symbols outside the table are not checked: the loader writes to, or
reads from, whatever lies there.

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
			f.Message = fmt.Sprintf("relocation type %d is unknown to the loader", o.Type)
			f.Kernel = refused("ENOEXEC", unknownRela(m, o.Type))
		case klp.RelaOverflow:
			f.Message = fmt.Sprintf("the address of %s does not fit into the four bytes of relocation type %d", show(o.Symbol), o.Type)
			f.Kernel = refused("ENOEXEC", fmt.Sprintf("overflow in relocation type %d; `%s' likely not compiled with -mcmodel=kernel", o.Type, names.Cut(m.Name)))
		case klp.RelaNonzero:
			f.Message = fmt.Sprintf("the target of a relocation holds %#x before", o.Value)
			f.Kernel = refused("ENOEXEC", nonzeroRela(o.Type))
		case klp.RelaTwice:
			f.Message = "two relocations fill the same bytes"
			f.Kernel = refused("ENOEXEC", nonzeroRela(o.Type))
		case klp.RelaBeyondSection:
			f.Message = "a relocation is of a place outside the section"
			f.Kernel = crashes("the loader writes to memory that is not the section's")
		case klp.RelaBeyondSymbols:
			f.Message = "a relocation names a symbol outside the symbol table"
			f.Kernel = crashes("the loader reads memory behind the table as a symbol")
		}
		c.add(f)
	}
	if more := m.Relas.OddCount - len(m.Relas.Odd); more > 0 && len(c.list) > 0 {
		c.list[len(c.list)-1].Message += fmt.Sprintf("; %d more relocations like these are not shown", more)
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
