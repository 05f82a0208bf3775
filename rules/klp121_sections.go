package rules

import (
	"fmt"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp121 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Also:     []finding.Severity{finding.Warning},
	Since:    "0.2",
	Tags:     []string{"module", "load", "crash"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP121",
		Doc: `section that the module loader rejects

The loader maps sections by their flags. It refuses any that is both writable and
executable, allocated or not (kernel/module/strict_rwx.c:
module_enforce_rwx_sections). It gives every allocated section a file in sysfs, so
two of the same name collide (kernel/module/sysfs.c: add_sect_attrs). Since 6.10
.modinfo and .gnu.linkonce.this_module must occur once, and the latter must be
allocated and have content (kernel/module/main.c: elf_validity_cache_index_mod); the
kernel goes on writing into it when read-only memory is.
Code in a section without the flag SHF_EXECINSTR is mapped non-executable: the
kernel crashes when it calls it.

Fix: rebuild the module; objcopy --set-section-flags, a linker script without KEEP,
or section attributes in the source cause this.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	modules, infos := 0, 0
	apart, code := displaced(m), mappedCode(m)
	for i := range m.Sections {
		s := &m.Sections[i]
		switch s.Name {
		case ".gnu.linkonce.this_module":
			modules++
		case ".modinfo":
			infos++
		}
		if s.Flags&(shfWrite|shfExecinstr) == shfWrite|shfExecinstr && !c.full() {
			c.add(finding.Finding{
				Message:  "section " + names.Cut(s.Name) + " is both writable and executable",
				Location: startOf(s),
				Kernel:   refused("ENOEXEC", names.Cut(m.Name)+": section "+names.Cut(s.Name)+" has invalid WRITE|EXEC flags"),
			})
		}
		oddSection(m, s, apart[i], code[s.Name], &c)
	}
	if modules != 1 && len(m.Sections) > 0 {
		c.add(finding.Finding{
			Message: "the module has " + plural(modules, "section", "sections") + " named .gnu.linkonce.this_module, the loader requires exactly one",
			Kernel:  refused("ENOEXEC", "module "+names.Cut(m.Name)+": Exactly one .gnu.linkonce.this_module section must exist."),
		})
	}
	if infos > 1 {
		c.add(finding.Finding{
			Message: "the module has " + plural(infos, "section", "sections") + " named .modinfo, the loader requires exactly one",
			Kernel:  refused("ENOEXEC", "Only one .modinfo section must exist."),
		})
	}
	return c.findings(), nil
})

// The section flags that the loader goes by.
const (
	shfWrite     = 0x1
	shfAlloc     = 0x2
	shfExecinstr = 0x4
	shfStrings   = 0x20
	shtNobits    = 8
)

// maxAlign is the largest alignment that the loader works out without a place
// of 32 bits overflowing (kernel/module/main.c: module_get_offset_and_type).
const maxAlign = 1 << 30

// loaded reports whether the section is in the module's memory.
func loaded(s *klp.Section) bool { return s.Flags&shfAlloc != 0 }

// oddSection adds what else is wrong with a section. mapped: one of its name is mapped
// executable, so that another one that is not in memory is no code.
func oddSection(m *klp.Module, s *klp.Section, displaced, mapped bool, c *collector) {
	var message string
	var answer *finding.Answer
	var severity finding.Severity
	switch {
	case s.Name == ".gnu.linkonce.this_module" && s.Type == shtNobits:
		message = "section .gnu.linkonce.this_module is SHT_NOBITS"
		answer = refused("ENOEXEC", "module "+names.Cut(m.Name)+": .gnu.linkonce.this_module section must have a size set")
	case s.Name == ".gnu.linkonce.this_module" && !loaded(s):
		message = "section .gnu.linkonce.this_module is not allocated"
		answer = refused("ENOEXEC", "module "+names.Cut(m.Name)+": .gnu.linkonce.this_module must occupy memory during process execution")
	case s.Name == ".gnu.linkonce.this_module" && s.ReadOnly():
		message = "section .gnu.linkonce.this_module is not writable"
		answer = crashes("the kernel writes into struct module after it has made it read-only")
	case s.Again && s.Name != ".gnu.linkonce.this_module" && !trackedOnly(s.Name):
		message = "duplicate allocated section " + names.Cut(s.Name)
		answer = refused("EEXIST", "sysfs: cannot create duplicate filename '/module/"+names.Cut(m.Name)+"/sections/"+names.Cut(s.Name)+"'")
	case oddAlignment(s) && displaced:
		message = fmt.Sprintf("section %s is aligned to %#x bytes, no power of two or too much: the loader lays sections over each other, beyond the module's memory, or where their content does not belong", names.Cut(s.Name), s.Align)
	case s.Size > 0 && s.Flags&(shfAlloc|shfExecinstr) != shfAlloc|shfExecinstr && s.Flags&shfStrings == 0 && codeSection(s.Name) && (loaded(s) || !mapped):
		message = "section " + names.Cut(s.Name) + " holds code but lacks SHF_EXECINSTR or SHF_ALLOC"
		answer = crashes("the kernel jumps into non-executable memory")
	case oddAlignment(s):
		severity = finding.Warning
		message = fmt.Sprintf("section %s is aligned to %#x bytes, no power of two or too much", names.Cut(s.Name), s.Align)
		answer = accepted("the section lies right by chance")
	}
	if message != "" && !c.full() {
		c.add(finding.Finding{Severity: severity, Message: message, Location: startOf(s), Kernel: answer})
	}
}

// trackedOnly sections are not in sysfs: the loader takes SHF_ALLOC off them.
func trackedOnly(name string) bool {
	return name == ".modinfo" || name == "__versions" || name == ".data..percpu"
}

// mappedCode are the names of the sections that are mapped executable.
func mappedCode(m *klp.Module) map[string]bool {
	out := make(map[string]bool)
	for i := range m.Sections {
		if s := &m.Sections[i]; s.Flags&(shfAlloc|shfExecinstr) == shfAlloc|shfExecinstr {
			out[s.Name] = true
		}
	}
	return out
}

// codeSection reports whether compilers put code into sections of the name. The one in which
// arm64's loader makes trampolines of its own comes without the flags: the loader sets them
// (arch/arm64/kernel/module-plts.c: module_frob_arch_sections).
func codeSection(name string) bool {
	if strings.HasSuffix(name, ".text.ftrace_trampoline") {
		return false
	}
	for _, code := range [...]string{".text", ".init.text", ".exit.text"} {
		if rest, ok := strings.CutPrefix(name, code); ok && (rest == "" || rest[0] == '.') {
			return true
		}
	}
	return false
}
