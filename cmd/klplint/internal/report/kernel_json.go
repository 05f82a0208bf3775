package report

import (
	"io"

	"github.com/klplint/klplint/cmd/klplint/internal/report/jsonform"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

// KernelsJSON writes the JSON of kernel.
func KernelsJSON(w io.Writer, ks *Kernels, _ Options) error {
	return jsonform.Write(w, &jsonform.Kernels{
		Schema:  jsonform.Version,
		Kernels: eachForm(ks.Kernels, func(k **kernel.Kernel) jsonform.Kernel { return jsonKernel(*k) }),
		LookUps: eachForm(ks.LookUps, jsonLookUp),
	})
}

func jsonKernel(k *kernel.Kernel) jsonform.Kernel {
	c, b := k.Counts(), k.Behaviour()
	form := jsonform.Kernel{
		Release: k.Release(), Arch: string(k.Arch()), Vermagic: k.Vermagic(), Banner: k.Banner(),
		Sources: formsOf(k.Sources(), func(s *kernel.Source) jsonform.KernelSource {
			return jsonform.KernelSource{Path: s.Path, Kind: string(s.Kind), Note: s.Note}
		}),
		Counts: jsonform.KernelCounts{
			Symbols: knownCount(c.Symbols), Traceable: knownCount(c.Traceable), Exports: knownCount(c.Exports),
			Modules: knownCount(c.Modules), ListedModules: knownCount(c.ListedModules), Options: knownCount(c.Options),
		},
		SymbolsFrom: k.SymbolsFrom(), StructModuleSize: k.ModuleStructSize(),
		Behaviour: jsonform.KernelBehaviour{
			InitEEXIST: listOf(b.InitEEXIST), NullNameCrashes: b.NullNameCrashes.String(),
			Sympos01: b.Sympos01.String(), ThisModuleSizeChecked: b.ThisModuleSizeChecked.String(),
		},
		Missing: listOf(k.Missing()),
	}
	if answer, reason := k.Livepatch(); answer != klp.Unknown {
		form.Livepatch, form.LivepatchReason = answer.String(), reason
	}
	if l := k.Layout(); l != nil {
		form.Layout = jsonKernelLayout(l)
	}
	return form
}

func jsonKernelLayout(l *klp.Layout) *jsonform.KernelLayout {
	form := &jsonform.KernelLayout{
		Source: string(l.Source), KlpPatch: l.PatchSize, KlpObject: l.ObjectSize, KlpFunc: l.FuncSize,
		ReplaceOffset: l.PatchReplace, ReplaceField: string(l.ReplaceField),
	}
	if l.HasStates {
		form.KlpState = new(l.StateSize)
	}
	return form
}

func jsonLookUp(l *LookUp) jsonform.LookUp {
	return jsonform.LookUp{
		KernelRelease: l.Release, Object: l.Object, Name: l.Name, SrcVersion: l.SrcVersion,
		Error: l.Error, Rule: l.Rule, Derived: l.Derived,
		Positions: formsOf(l.Positions, jsonPosition),
		Verdicts: formsOf(l.Verdicts, func(v *LookUpVerdict) jsonform.LookUpVerdict {
			return jsonform.LookUpVerdict{Sympos: v.Sympos, Status: string(v.Status), Rule: v.Rule, Errno: v.Errno, Message: v.Text}
		}),
		Similar:   listOf(l.Similar),
		Prototype: l.Prototype,
		Aliases:   listOf(l.Aliases), Clones: listOf(l.Clones), Twins: listOf(l.Twins), Compats: listOf(l.Compats), Inlined: l.Inlined,
	}
}

func jsonPosition(p *kernel.Position) jsonform.LookUpPosition {
	form := jsonform.LookUpPosition{Sympos: p.Sympos, Kind: kind(p), Traceable: p.Traceable.String(), Init: p.Init, File: p.File}
	if p.HasAddr {
		form.Address = address(p)
	}
	if p.Size > 0 && p.Size <= 1<<32 {
		form.Size, form.SizeExact = p.Size, new(p.Exact)
	}
	return form
}
