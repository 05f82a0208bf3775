package main

import (
	"fmt"
	"slices"

	"github.com/klplint/klplint/cmd/klplint/internal/input"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace/plan"
)

// maxPictured bounds the livepatches in one timeline; more cannot be read.
const maxPictured = 40

// pictured gathers the modules for the HTML report, which shows more of them
// than the findings do.
type pictured struct {
	byPath map[string]*klp.Module
}

func (p *pictured) keep(m *klp.Module) {
	if m.IsLivepatch() {
		p.byPath[m.Path] = m
	}
}

// draw sorts the livepatches by the kernel that they are for and loads them
// one after the other: the baseline, then the candidates in the order given.
func (p *pictured) draw(candidates, baseline []input.File, t *targets, model *settings.Model) *report.Picture {
	pic := &report.Picture{}
	index := make(map[[2]string]int)
	seen := make(map[string]bool)
	for pass, files := range [][]input.File{baseline, candidates} {
		for _, f := range files {
			m := p.byPath[f.Path]
			if m == nil || seen[f.Path] {
				continue
			}
			seen[f.Path] = true
			key := [2]string{m.Vermagic.Release, string(m.Arch)}
			i, ok := index[key]
			if !ok {
				i = len(pic.Kernels)
				index[key] = i
				pic.Kernels = append(pic.Kernels, report.PictureKernel{Release: m.Vermagic.Release, Arch: m.Arch})
			}
			k := &pic.Kernels[i]
			k.Modules = append(k.Modules, m)
			if pass == 0 {
				k.Baseline++
			}
		}
	}
	// A baseline for kernels that no candidate is for says nothing here.
	pic.Kernels = slices.DeleteFunc(pic.Kernels, func(k report.PictureKernel) bool { return k.Baseline == len(k.Modules) })
	slices.SortFunc(pic.Kernels, func(a, b report.PictureKernel) int {
		return names.Natural(a.Release+" "+string(a.Arch), b.Release+" "+string(b.Arch))
	})
	for i := range pic.Kernels {
		k := &pic.Kernels[i]
		var err error
		if k.Traces, err = traced(k.Modules, t, model); err != nil {
			k.NotDrawn = err.Error()
		}
	}
	return pic
}

// traced loads modules for one kernel in their order.
func traced(mods []*klp.Module, t *targets, model *settings.Model) ([]plan.Trace, error) {
	if len(mods) > maxPictured {
		return nil, fmt.Errorf("%d livepatches, a timeline shows at most %d: use klplint trace for a selection", len(mods), maxPictured)
	}
	p, err := plan.FromModules(mods)
	if err != nil {
		return nil, err
	}
	models := model.Models
	if models == nil {
		if models, err = p.Models(); err != nil {
			return nil, err
		}
	}
	env := model.Env(mods[0].Vermagic.Release, t.target(mods[0]))
	var traces []plan.Trace
	for _, m := range models {
		traces = append(traces, p.Run(m, env)...)
	}
	return traces, nil
}
