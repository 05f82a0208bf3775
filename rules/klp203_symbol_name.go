package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp203 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Also:     []finding.Severity{finding.Warning},
	Since:    "0.1",
	Tags:     []string{"relocations", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP203",
		Doc: `livepatch symbol has a malformed or too long name

The name must be .klp.sym.OBJECT.NAME,SYMPOS: an object of at most 55 characters
without a dot, a symbol of at most 511 characters (127 before 6.1) without a comma,
a number (kernel/livepatch/core.c: klp_resolve_symbols scans it with
".klp.sym.%55[^.].%511[^,],%lu"). A longer name is truncated there, so that no comma
follows.

Fix: the name comes from the tool that made the symbol (create-klp-module, objtool
klp, klp-convert): correct its input. A function with too long a name cannot be
referred to on a kernel before 6.1.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.KlpSyms {
		s := &m.KlpSyms[i]
		if s.Malformed == "" && len(s.Name) < shortestNameLimit {
			continue
		}
		if finding, bad := judgeKlpSym(m, s); bad && !c.full() {
			if _, used := resolvedFor(m, i); !used {
				finding.Kernel = accepted("no livepatch relocation uses the symbol, so it is never resolved")
			}
			finding.Object, finding.Location = s.Object, s.At
			c.add(finding)
		}
	}
	return c.findings(), nil
})

func judgeKlpSym(m *klp.Module, s *klp.KlpSym) (finding.Finding, bool) {
	answer := refused("EINVAL", "symbol "+names.Cut(s.Raw)+" has an incorrectly formatted name")
	if s.Malformed != "" {
		return finding.Finding{
			Message: "symbol " + names.Cut(s.Raw) + " has a malformed name: " + s.Malformed,
			Kernel:  answer,
		}, true
	}
	switch width := behaviourOf(m).KlpSymNameWidth; {
	case width == 0 && len(s.Name) >= shortestNameLimit:
		return finding.Finding{
			Severity: finding.Warning,
			Message: fmt.Sprintf("symbol %s: the name is %d bytes long; kernels before 6.1 accept at most %d, and this kernel's release is not known",
				show(s.Name), len(s.Name), shortestNameLimit-1),
			Kernel: noted(refused("EINVAL", ""), "on kernels before 6.1"),
		}, true
	case width > 0 && len(s.Name) > width:
		return finding.Finding{
			Message: fmt.Sprintf("symbol %s: the name is %d bytes long, this kernel accepts at most %d", show(s.Name), len(s.Name), width),
			Kernel:  answer,
		}, true
	}
	return finding.Finding{}, false
}
