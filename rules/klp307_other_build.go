package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

var klp307 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"kernel", "symbols"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP307",
		Doc: `func was built from another build of the kernel

kpatch-build records the link address and the size of each original function
(kmod/patch/kpatch-patch.h: kpatch_patch_func). The kernel never looks at them, so a
livepatch for another build is not refused: it replaces code other than what it was
made for.

A size is compared exactly where the symbol records one. In vmlinux only the
distance to the next symbol is known, padding included: a recorded size above it
proves another build, one below it proves nothing.

Fix: rebuild the livepatch from the source and configuration of this very kernel.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	k, err := kernelOf(t)
	if err != nil {
		return nil, err
	}
	var c collector
	var w wanting
	lookUps(m, t, &w, t.FindSym, func(o *klp.Object, f *klp.Func, a klp.SymbolAnswer) {
		if a.Status != klp.SymbolFound || f.OldAddr == 0 && f.OldSize == 0 {
			return
		}
		object, err := k.Object(o.Name)
		if err != nil {
			return
		}
		positions := object.Positions(f.Name)
		if f.Position() > uint64(len(positions)) {
			return
		}
		difference := otherBuild(k, o, f, &positions[f.Position()-1])
		if difference == "" || c.full() {
			return
		}
		c.add(finding.Finding{
			Message: fmt.Sprintf("%s: %s", patched(o, f), difference),
			Object:  o.Name, Func: funcName(f), Location: f.At,
			Kernel: accepted("the kernel does not compare the two"),
		})
	})
	return c.findings(), w.err()
})

// otherBuild says how the recorded original differs from the function at the
// position; "" when it does not, or when nothing can be proven.
func otherBuild(k *kernel.Kernel, o *klp.Object, f *klp.Func, p *kernel.Position) string {
	if f.OldAddr != 0 && p.HasAddr && o.Name == klp.VmlinuxObjectName && k.LinkAddresses() && f.OldAddr != p.Addr {
		return fmt.Sprintf("the original was at %#x in the kernel that the module was built from, in this kernel it is at %#x", f.OldAddr, p.Addr)
	}
	switch {
	case f.OldSize == 0 || p.Size == 0:
	case p.Exact && f.OldSize != p.Size:
		return fmt.Sprintf("the original had %d bytes in the kernel that the module was built from, in this kernel it has %d", f.OldSize, p.Size)
	case !p.Exact && f.OldSize > p.Size:
		return fmt.Sprintf("the original had %d bytes in the kernel that the module was built from, in this kernel it has at most %d", f.OldSize, p.Size)
	}
	return ""
}
