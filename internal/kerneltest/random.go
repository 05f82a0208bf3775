package kerneltest

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

// Random draws a suite from a seed: a pool of modules and sequences of steps
// over them. The same arguments give the same suite. Modules take from a few
// funcs, states and objects only, so that they meet often.
func Random(seed, modules, scenarios, steps int) *Suite {
	s := &Suite{Model: "mainline", Modules: map[string]Module{}}
	var patches []string
	for i := range modules {
		key := fmt.Sprintf("r%d_%d", seed, i)
		s.Modules[key] = drawModule(key).Example(seed*1_000_003 + i)
		patches = append(patches, key)
	}
	s.Modules["klp_target"] = Module{Name: "klp_target", Kind: "target", Targets: []string{"klp_target_one", "klp_target_two"}}
	s.Modules["klp_target_less"] = Module{Name: "klp_target", Kind: "target", Targets: []string{"klp_target_two"}}
	for i := range scenarios {
		s.Scenarios = append(s.Scenarios, Scenario{
			Name:  fmt.Sprintf("random_%d_%d", seed, i),
			Steps: drawSteps(patches, steps).Example(seed*7_000_003 + i),
		})
	}
	return s
}

// drawModule draws a livepatch. One in some is wrong in a way that the kernel refuses.
func drawModule(name string) *rapid.Generator[Module] {
	return rapid.Custom(func(t *rapid.T) Module {
		m := Module{Name: name, Livepatch: true, License: "GPL", Replace: rapid.Bool().Draw(t, "replace")}
		var objects []Object
		if funcs := drawFuncs(t, "vmlinux", []string{"cmdline_proc_show", "version_proc_show", "uptime_proc_show", "loadavg_proc_show", "label_show"}); len(funcs) > 0 {
			objects = append(objects, Object{Funcs: &funcs, Callbacks: rapid.IntRange(0, 3).Draw(t, "callbacks") == 0})
		}
		if funcs := drawFuncs(t, "target", []string{"klp_target_one", "klp_target_two"}); len(funcs) > 0 {
			target := "klp_target"
			objects = append(objects, Object{Name: &target, Funcs: &funcs})
		}
		if rapid.IntRange(0, 9).Draw(t, "literal") == 0 {
			literal, name := "vmlinux", "cmdline_proc_show"
			objects = append(objects, Object{Name: &literal, Funcs: &[]Func{{Name: &name}}})
		}
		m.Objects = &objects
		states := []State{}
		for _, id := range []uint64{1, 2} {
			if rapid.IntRange(0, 3).Draw(t, "has state") == 0 {
				states = append(states, State{ID: id, Version: rapid.Uint32Range(1, 3).Draw(t, "version")})
			}
		}
		if len(states) > 0 {
			m.States = &states
		}
		return m
	})
}

// drawFuncs draws some of the names, each with a sympos that is mostly right.
func drawFuncs(t *rapid.T, label string, names []string) []Func {
	var funcs []Func
	for _, name := range names {
		if rapid.IntRange(0, 2).Draw(t, label) != 0 {
			continue
		}
		sympos := rapid.SampledFrom([]uint64{0, 0, 0, 0, 0, 1, 1, 1, 1, 2}).Draw(t, "sympos")
		if name == "label_show" { // several static funcs of that name: 0 is refused
			sympos = rapid.SampledFrom([]uint64{1, 1, 2, 2, 3, 3, 0, 9}).Draw(t, "position")
		}
		funcs = append(funcs, Func{Name: &name, Sympos: sympos})
	}
	return funcs
}

// drawSteps draws operations; loads are the most frequent.
func drawSteps(patches []string, count int) *rapid.Generator[[]Step] {
	return rapid.Custom(func(t *rapid.T) []Step {
		pool := slices.Clone(patches)
		steps := make([]Step, 0, count)
		for range count {
			op := rapid.SampledFrom([]string{"load", "load", "load", "load", "disable", "unload"}).Draw(t, "op")
			module := rapid.SampledFrom(pool).Draw(t, "module")
			if rapid.IntRange(0, 5).Draw(t, "target") == 0 {
				module = rapid.SampledFrom([]string{"klp_target", "klp_target", "klp_target_less"}).Draw(t, "which target")
				if op == "disable" {
					op = "unload"
				}
			}
			if op != "load" && len(steps) > 0 && rapid.Bool().Draw(t, "known") {
				// Mostly speak of something that was loaded.
				if before := rapid.SampledFrom(steps).Draw(t, "earlier"); before.Op == "load" && (op == "unload" || before.Module[0] == 'r') {
					module = before.Module
				}
			}
			steps = append(steps, Step{Op: op, Module: module})
		}
		return steps
	})
}
