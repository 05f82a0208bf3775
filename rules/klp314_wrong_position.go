package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

var klp314 = NewKernelRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.1",
	Tags:     []string{"kernel", "symbols"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP314",
		Doc: `sympos contradicts the recorded address or size of the function

Several functions share the name, and what kpatch-build recorded of the original,
its link address or its size (kmod/patch/kpatch-patch.h: kpatch_patch_func), matches
another position than the one that sympos gives. Positions follow the addresses of
the final link; a compiler that orders functions differently moves them, and the
kernel patches whatever is there (kernel/livepatch/core.c: klp_find_object_symbol).

Fix: compare the function at the position with the source;
klplint kernel --lookup OBJECT:FUNC lists the positions.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	k, err := kernelOf(t)
	if err != nil {
		return nil, err
	}
	var c collector
	var w wanting
	lookUps(m, t, &w, t.FindSym, func(o *klp.Object, f *klp.Func, a klp.SymbolAnswer) {
		if a.Status != klp.SymbolFound || a.Matches < 2 {
			return
		}
		object, err := k.Object(o.Name)
		if err != nil {
			return
		}
		positions := object.Positions(f.Name)
		evidence, better := betterPosition(k, o, f, positions)
		if better == 0 || c.full() {
			return
		}
		c.add(finding.Finding{
			Message: fmt.Sprintf("%s: %s, which matches position %d, not %d", patched(o, f), evidence, better, f.Position()),
			Object:  o.Name, Func: funcName(f), Location: f.At,
			Kernel:  accepted("the function at the wrong position is patched"),
			Related: positionsOf(t, o.Name, f.Name),
		})
	})
	return c.findings(), w.err()
})

// betterPosition looks for the one position that fits what was recorded of the
// original, where that of sympos does not. 0: there is none, or no evidence.
func betterPosition(k *kernel.Kernel, o *klp.Object, f *klp.Func, positions []kernel.Position) (evidence string, better uint64) {
	if f.OldAddr != 0 && o.Name == klp.VmlinuxObjectName && k.LinkAddresses() {
		for i := range positions {
			if positions[i].HasAddr && positions[i].Addr == f.OldAddr {
				if at := positions[i].Sympos; at != f.Position() {
					return fmt.Sprintf("the address of the original was recorded as %#x", f.OldAddr), at
				}
				return "", 0
			}
		}
	}
	if f.OldSize == 0 {
		return "", 0
	}
	for i := range positions {
		fits := fitsSize(&positions[i], f.OldSize)
		switch at := positions[i].Sympos; {
		case at == f.Position() && fits:
			return "", 0
		case at != f.Position() && fits && better != 0:
			return "", 0 // two others fit: no telling which
		case at != f.Position() && fits:
			better = at
		}
	}
	return fmt.Sprintf("the size of the original was recorded as %d bytes", f.OldSize), better
}

// fitsSize reports whether a function of that size can be at the position. The
// distance to the next symbol may exceed a size by alignment and by the padding
// for call thunks, together less than 64 bytes; a larger gap tells nothing.
func fitsSize(p *kernel.Position, size uint64) bool {
	switch {
	case p.Size == 0:
		return true
	case p.Exact:
		return p.Size == size
	}
	return size <= p.Size && p.Size-size < 64
}
