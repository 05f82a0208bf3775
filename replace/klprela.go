package replace

import (
	"debug/elf"
	"fmt"

	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

// KlpRelaDefect says why the kernel ignores or misapplies a livepatch relocation
// section of m, by its section header; "" where it does neither, and for values
// that were not read from a file. ignored is false where only the name speaks of
// another section: the kernel applies it to its target all the same.
//
// kernel/module/main.c: apply_relocations() skips targets that are not there or
// not loaded, treats sections without the livepatch flag as ordinary ones, and
// keeps only SHF_ALLOC sections for objects that are loaded later.
func KlpRelaDefect(m *klp.Module, r *klp.KlpRela) (why string, ignored bool) {
	if r.Index <= 0 || r.Index >= len(m.Sections) {
		return "", false
	}
	s := &m.Sections[r.Index]
	flags := elf.SectionFlag(s.Flags)
	switch {
	case elf.SectionType(s.Type) != elf.SHT_RELA:
		return fmt.Sprintf("type is %v, not SHT_RELA", elf.SectionType(s.Type)), true
	case flags&klp.SHFRelaLivepatch == 0:
		return fmt.Sprintf("flag SHF_RELA_LIVEPATCH (0x%x) is missing", klp.SHFRelaLivepatch), true
	case flags&elf.SHF_ALLOC == 0:
		return "flag SHF_ALLOC is missing", true
	case int64(s.Link) != int64(m.Symtab.Section):
		return fmt.Sprintf("sh_link is section %d, not the symbol table (%d)", s.Link, m.Symtab.Section), true
	case int64(s.Info) >= int64(len(m.Sections)):
		return fmt.Sprintf("sh_info is %d, the file has %d sections", s.Info, len(m.Sections)), true
	}
	target := &m.Sections[s.Info]
	switch {
	case s.Info == 0 || elf.SectionFlag(target.Flags)&elf.SHF_ALLOC == 0:
		return fmt.Sprintf("sh_info is section %d (%s), which is not loaded", s.Info, names.Cut(target.Name)), true
	case r.Malformed == "" && r.Target != target.Name:
		return fmt.Sprintf("the name refers to section %q, but sh_info to %q", names.Cut(r.Target), names.Cut(target.Name)), false
	}
	return "", false
}
