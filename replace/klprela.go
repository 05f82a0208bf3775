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
		return fmt.Sprintf("its type is %v, not SHT_RELA", elf.SectionType(s.Type)), true
	case flags&klp.SHFRelaLivepatch == 0:
		return fmt.Sprintf("it lacks the flag SHF_RELA_LIVEPATCH (0x%x)", klp.SHFRelaLivepatch), true
	case flags&elf.SHF_ALLOC == 0:
		return "it lacks the flag SHF_ALLOC", true
	case int64(s.Link) != int64(m.Symtab.Section):
		return fmt.Sprintf("its link is section %d, not the symbol table (%d)", s.Link, m.Symtab.Section), true
	case int64(s.Info) >= int64(len(m.Sections)):
		return fmt.Sprintf("its target is section %d of %d", s.Info, len(m.Sections)), true
	}
	target := &m.Sections[s.Info]
	switch {
	case s.Info == 0 || elf.SectionFlag(target.Flags)&elf.SHF_ALLOC == 0:
		return fmt.Sprintf("its target, section %d (%s), is not loaded", s.Info, names.Cut(target.Name)), true
	case r.Malformed == "" && r.Target != target.Name:
		return fmt.Sprintf("it is named for section %q, but its target is %q", names.Cut(r.Target), names.Cut(target.Name)), false
	}
	return "", false
}
