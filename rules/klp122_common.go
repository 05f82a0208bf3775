package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp122 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.2",
	Tags:     []string{"module", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP122",
		Doc: `symbol without an address

The loader gives no memory to common symbols, which compilers emit for tentative
definitions without -fno-common, refuses symbols whose section does not exist, and
resolves no undefined symbol without a name (kernel/module/main.c: simplify_symbols).
It does not check where a symbol's name lies (kernel/module/kallsyms.c: add_kallsyms).

Fix: compile with the kernel's own flags; if a section index is invalid, find the
tool that rewrote the section headers.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.OddSymbols {
		s := &m.OddSymbols[i]
		if c.full() {
			continue
		}
		f := finding.Finding{
			Message:  "symbol " + show(s.Name) + " is a common symbol (SHN_COMMON), for which the loader allocates no memory",
			Location: s.At,
			Kernel:   refused("ENOEXEC", names.Cut(m.Name)+": please compile with -fno-common"),
		}
		switch {
		case s.BadName:
			f.Message = "the name of a symbol is beyond the end of the file"
			f.Kernel = crashes("the loader reads memory behind the file as a name")
			if behaviourOf(m).StringTableChecked == klp.Yes {
				f.Kernel = refused("ENOEXEC", "symbol name out of bounds in string table")
			}
		case s.Shndx == 0:
			f.Message = "an undefined symbol has no name"
			f.Kernel = refused("ENOENT", names.Cut(m.Name)+": Unknown symbol  (err -2)")
		case s.Shndx != klp.SHNCommon:
			f.Message = fmt.Sprintf("symbol %s has section index %d, the module has %s", show(s.Name), s.Shndx, plural(len(m.Sections), "section", "sections"))
			f.Kernel = refused("ENOEXEC", fmt.Sprintf("%s: Symbol %s has an invalid section index %d (max %d)", names.Cut(m.Name), names.Cut(s.Name), s.Shndx, len(m.Sections)-1))
		}
		c.add(f)
	}
	return c.findings(), nil
})
