package report

import (
	"cmp"
	"slices"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace/plan"
)

// Picture is what the HTML report draws beside the findings.
type Picture struct {
	Kernels []PictureKernel // in the order of their names
}

// PictureKernel is the livepatches that may meet on one kernel.
type PictureKernel struct {
	Release string // "" where the modules do not say
	Arch    klp.Arch
	// Modules in the order in which they are loaded: the first Baseline of them
	// are already built, the others are under judgement.
	Modules  []*klp.Module
	Baseline int
	// Traces are what happens when they are loaded in that order; NotDrawn says
	// why there are none.
	Traces   []plan.Trace
	NotDrawn string
}

// lengthwise says whether the pictures need paper lengthwise.
func (p *Picture) lengthwise() bool {
	return p != nil && slices.ContainsFunc(p.Kernels, func(k PictureKernel) bool { return lengthwise(k.Traces) })
}

// name is the kernel as people call it.
func (k *PictureKernel) name() string {
	return cmp.Or(k.Release, "unknown kernel") + " " + string(k.Arch)
}
