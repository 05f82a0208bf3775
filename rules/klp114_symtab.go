package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp114 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"module", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP114",
		Doc: `symbol table is missing or damaged

Livepatch relocations name their symbols by index in the module's symbol table, and
are applied again whenever a target module is loaded: the whole table must be kept,
in its order (Documentation/livepatch/module-elf-format.rst; the loader keeps it
all: kernel/module/kallsyms.c: layout_symtab). A module without a table is refused
at once (kernel/module/main.c: setup_load_info). So is, since 6.13, one with a name
beyond its string table, or with one that does not begin and end with a NUL
(elf_validity_cache_strtab).

Fix: strip debug information only (strip -g, INSTALL_MOD_STRIP=1), with GNU strip:
strip --strip-all and llvm-strip break livepatches.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	switch {
	case m.Symtab.Missing:
		return []finding.Finding{{
			Message: "the module has no symbol table",
			Kernel:  refused("ENOEXEC", "module has no symbols (stripped?)"),
		}}, nil
	case m.Symtab.Damaged != "":
		return []finding.Finding{{
			Message:  "the symbol table is damaged: " + m.Symtab.Damaged,
			Location: placeIn(m, ".symtab", 0),
		}}, nil
	}
	found := lostSymbols(m)
	if checked := behaviourOf(m).StringTableChecked; m.Symtab.Strings != "" && checked != klp.No {
		f := finding.Finding{
			Message:  "the string table of the symbols is damaged: " + m.Symtab.Strings,
			Location: placeIn(m, ".strtab", 0),
		}
		if checked == klp.Yes {
			f.Kernel = refused("ENOEXEC", "")
		}
		found = append(found, f)
	}
	return found, nil
})

// lostSymbols finds livepatch relocations against an undefined symbol without
// a name: what is left where a tool dropped the symbol and kept its index.
func lostSymbols(m *klp.Module) []finding.Finding {
	lost := 0
	var first *klp.Foreign
	for i := range m.KlpRelas {
		foreign := m.KlpRelas[i].Foreign
		for j := range foreign {
			if f := &foreign[j]; f.Symbol == "" && f.Shndx == 0 {
				if lost == 0 {
					first = f
				}
				lost++
			}
		}
	}
	if lost == 0 {
		return nil
	}
	return []finding.Finding{{
		Message:  plural(lost, "livepatch relocation refers", "livepatch relocations refer") + " to a symbol that is no longer in the symbol table",
		Location: first.At,
		Kernel:   refused("ENOENT", "Unknown symbol  (err -2)"),
	}}
}
