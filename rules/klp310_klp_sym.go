package rules

import (
	"fmt"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

var klp310 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"kernel", "symbols", "relocations", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP310",
		Doc: `livepatch symbol cannot be resolved

klp_resolve_symbols() looks every .klp.sym.OBJECT.NAME,SYMPOS up as it does a func:
a name that the object lacks or that is ambiguous with sympos 0, or a position
beyond the symbols of that name, gives -EINVAL (kernel/livepatch/core.c:
klp_find_object_symbol). Those of vmlinux are resolved when the livepatch loads,
those of a module once both are loaded.

Fix: rebuild the livepatch against this kernel.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	if _, none := t.(*kernel.Mismatch); none {
		return nil, &MissingInput{Needs: "the kernel of the module's release"}
	}
	var c collector
	var w wanting
	for i := range m.KlpSyms {
		s := &m.KlpSyms[i]
		object, used := resolvedFor(m, i)
		if s.Tombstone || s.Malformed != "" || s.Name == "" || !used {
			continue
		}
		a := t.FindSym(s.Object, s.Name, s.Sympos)
		switch a.Status {
		case klp.SymbolUnknown:
			w.add("symbols of " + names.Cut(s.Object))
		case klp.SymbolFound:
		default:
			if c.full() {
				continue
			}
			f := finding.Finding{
				Message: fmt.Sprintf("%s cannot be resolved: %s", names.Cut(s.Raw), names.Cut(a.Refusal.Reason)),
				Object:  object, Location: s.At,
				Kernel: symbolAnswer(&klp.Object{Name: object}, a),
			}
			if a.Status != klp.SymbolMissing {
				f.Related = positionsOf(t, s.Object, s.Name)
			}
			c.add(f)
		}
	}
	return c.findings(), w.err()
})

// resolvedFor returns the object for which the kernel resolves a klp symbol:
// that of the section that uses it, and vmlinux before any other. A symbol that
// no section uses is never resolved.
func resolvedFor(m *klp.Module, sym int) (object string, used bool) {
	for i := range m.KlpRelas {
		r := &m.KlpRelas[i]
		if !slices.Contains(r.Symbols, sym) {
			continue
		}
		if object, used = r.Object, true; object == klp.VmlinuxObjectName {
			break
		}
	}
	return object, used
}
