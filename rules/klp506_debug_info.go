package rules

import (
	"fmt"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp506 = NewModuleRule(&Rule{
	Severity:   finding.Info,
	Since:      "0.1",
	Tags:       []string{"hygiene"},
	NonDefault: true,
	Analyzer: &analysis.Analyzer{
		Name: "KLP506",
		Doc: `debug information was left in

The loader copies debug sections in with the file and drops them again
(kernel/module/main.c: rewrite_section_headers and layout_sections skip what is not
SHF_ALLOC); they take up space on every machine that gets the module. Distributions
ship them in a separate package (scripts/Makefile.modinst: INSTALL_MOD_STRIP).

Fix: strip -g the module before it is signed. Keep the unstripped file: crash dump
analysis needs it, and so does klplint where struct layouts are unusual.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var size uint64
	first := -1
	for i := range m.Sections {
		s := &m.Sections[i]
		if !strings.HasPrefix(s.Name, ".debug_") {
			continue
		}
		if first < 0 {
			first = i
		}
		size += s.Size
	}
	if first < 0 {
		return nil, nil
	}
	s := &m.Sections[first]
	return []finding.Finding{{
		Message:  fmt.Sprintf("the module carries %d bytes of debug information", size),
		Location: startOf(s),
	}}, nil
})
