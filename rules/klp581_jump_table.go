package rules

import (
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

// klp581 is one of the two checks of SUSE's scripts/lp-mod-checks.sh; the other
// is KLP505.
var klp581 = NewModuleRule(&Rule{
	Severity:   finding.Error,
	Since:      "0.1",
	Tags:       []string{"policy", "suse"},
	NonDefault: true,
	Analyzer: &analysis.Analyzer{
		Name: "KLP581",
		Doc: `livepatch relocations in a jump table

No section may match .klp.*__jump_table: a static branch in the patched code would
then depend on a key that the livepatch core resolves. Relocations of vmlinux there
are valid, since 5.8 applies them in time, and kpatch-build writes them; the rule is
therefore off unless a profile (suse) or --enable asks for it. Relocations of
modules, which no kernel applies in time, are reported by KLP209.

Fix: replace the static branch in the patched code by static_key_enabled().`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var list []finding.Finding
	for i := range m.Sections {
		s := &m.Sections[i]
		if !strings.HasPrefix(s.Name, ".klp.") || !strings.HasSuffix(s.Name, "__jump_table") {
			continue
		}
		list = append(list, finding.Finding{
			Message:  "section " + names.Cut(s.Name) + " has livepatch relocations for a jump table",
			Location: startOf(s),
		})
		if len(list) == maxFindings {
			break
		}
	}
	return list, nil
})
