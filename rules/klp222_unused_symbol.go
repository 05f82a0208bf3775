package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp222 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.2",
	Tags:     []string{"relocations", "silent"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP222",
		Doc: `livepatch symbols without livepatch relocations

A symbol with the index SHN_LIVEPATCH is referenced by a livepatch relocation
section, .klp.rela.OBJECT.SECTION (Documentation/livepatch/module-elf-format.rst). A
module that has such symbols and no such section has lost it: the loader does not
notice, and the code runs unrelocated.

Fix: find the tool that removed the sections; strip and objcopy must leave
.klp.rela.* alone.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	if len(m.KlpRelas) > 0 {
		return nil, nil
	}
	for i := range m.KlpSyms {
		s := &m.KlpSyms[i]
		if s.Tombstone || s.Shndx != klp.SHNLivepatch || s.Malformed != "" && !s.Used {
			continue // without a name to resolve, it is none that a section was lost for
		}
		return []finding.Finding{{
			Message:  "symbol " + names.Cut(s.Raw) + " is a livepatch symbol, but the module has no livepatch relocation section",
			Object:   s.Object,
			Location: s.At,
			Kernel:   crashesLater("code calls or reads address 0, during load or at first use"),
		}}, nil
	}
	return nil, nil
})
