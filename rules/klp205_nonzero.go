package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp205 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"relocations", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP205",
		Doc: `livepatch relocation target is not zero

x86 refuses to relocate a location that already holds a value, because that is what
a relocation applied twice looks like (arch/x86/kernel/module.c:
__write_relocate_add). An ordinary relocation of the same bytes leaves one too. The
other architectures write into instructions, which are never zero, and do not check:
they are not reported.

Fix: the linker or a later tool wrote the addend into the section. Build the module
with a toolchain that leaves it in the relocation (RELA), and do not apply the
relocations before the kernel does.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	if m.Arch != klp.X86_64 {
		return nil, nil
	}
	var c collector
	for i := range m.KlpRelas {
		r := &m.KlpRelas[i]
		if r.NonZeroCount == 0 || len(r.NonZero) == 0 || c.full() {
			continue
		}
		first := &r.NonZero[0]
		what := fmt.Sprintf("the first holds %#x", first.Value)
		if first.Relocated {
			what = "the first is also the target of an ordinary relocation"
		}
		c.add(finding.Finding{
			Message: fmt.Sprintf("section %s: %s not zero before relocation: %s",
				names.Cut(r.Section), plural(r.NonZeroCount, "target is", "targets are"), what),
			Object:   r.Object,
			Location: first.At,
			Kernel: refused("ENOEXEC", fmt.Sprintf(
				"x86/modules: Invalid relocation target, existing value is nonzero for type %d", first.Type)),
		})
	}
	return c.findings(), nil
})
