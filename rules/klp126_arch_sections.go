package rules

import (
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp126 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.2",
	Tags:     []string{"module", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP126",
		Doc: `section that the architecture's module loader needs is missing

On some architectures the linker script for modules adds sections that are empty in
the file; the loader lets them grow for the veneers through which code reaches the
kernel, and refuses a module without them: .plt and .init.plt on arm64
(arch/arm64/kernel/module-plts.c: module_frob_arch_sections), .text.ftrace_trampoline
there too (arch/arm64/kernel/module.c: module_init_ftrace_plt), .stubs on ppc64le
(arch/powerpc/kernel/module_64.c), and .got, .plt and .plt.idx on loongarch64
(arch/loongarch/kernel/module-sections.c). Read in 6.1, 6.12 and 7.2.

Fix: link the module with scripts/module.lds of the kernel that it is for, as Kbuild
does; do not remove sections that look empty.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var list []finding.Finding
	for _, needed := range loaderSections[m.Arch] {
		if slices.ContainsFunc(m.Sections, func(s klp.Section) bool { return s.Name == needed.section }) {
			continue
		}
		answer := refused("ENOEXEC", "")
		if needed.message != "" {
			answer = refused("ENOEXEC", names.Cut(m.Name)+": "+needed.message)
		}
		list = append(list, finding.Finding{Message: "section " + needed.section + " is missing", Kernel: answer})
	}
	return list, nil
})

// loaderSection is a section that a loader asks for, and what the kernel says
// without it.
type loaderSection struct{ section, message string }

var loaderSections = map[klp.Arch][]loaderSection{
	klp.ARM64: {
		{".plt", "module PLT section(s) missing"},
		{".init.plt", "module PLT section(s) missing"},
		{".text.ftrace_trampoline", ""},
	},
	klp.PPC64LE: {{".stubs", "doesn't contain .stubs."}},
	klp.LoongArch64: {
		{".got", "module GOT section(s) missing"},
		{".plt", "module PLT section(s) missing"},
		{".plt.idx", "module PLT.IDX section(s) missing"},
	},
}
