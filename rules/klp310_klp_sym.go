package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/internal/symbolname"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

var klp310 = kernelRule(&Rule{
	Severity: Error,
	Since:    "0.1",
	Tags:     []string{"kernel", "symbols", "relocations", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP310",
		Doc: `livepatch symbol cannot be resolved

klp_resolve_symbols() looks every .klp.sym.OBJECT.NAME,SYMPOS up as it does a func:
a name that the object lacks, that is ambiguous with sympos 0, or a position beyond
the symbols of that name is -EINVAL (kernel/livepatch/core.c:
klp_find_object_symbol). Those of vmlinux are resolved when the livepatch loads,
those of a module when both are there.

Fix: rebuild the livepatch against this kernel.`,
	},
}, func(m *klp.Module, t klp.Target) ([]Finding, error) {
	if _, none := t.(*kernel.Mismatch); none {
		return nil, &MissingInput{Needs: "the kernel of the module's release"}
	}
	var c collector
	var w wanting
	for i := range m.KlpSyms {
		s := &m.KlpSyms[i]
		if s.Tombstone || s.Malformed != "" || s.Name == "" {
			continue
		}
		a := t.FindSym(s.Object, s.Name, s.Sympos)
		switch a.Status {
		case klp.SymbolUnknown:
			w.add("symbols of " + symbolname.Cut(s.Object))
		case klp.SymbolFound:
		default:
			if c.full() {
				continue
			}
			f := Finding{
				Message: fmt.Sprintf("%s cannot be resolved: %s", symbolname.Cut(s.Raw), symbolname.Cut(a.Refusal.Reason)),
				Object:  s.Object, Location: s.At,
				Kernel: symbolAnswer(&klp.Object{Name: s.Object}, a),
			}
			if a.Status != klp.SymbolMissing {
				f.Related = positionsOf(t, s.Object, s.Name)
			}
			c.add(f)
		}
	}
	return c.findings(), w.err()
})
