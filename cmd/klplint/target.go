package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/klplint/klplint/cmd/klplint/internal/input"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

// targets finds a module's target kernel: among those that --kernel named, or
// on this machine.
type targets struct {
	given    kernel.Kernels
	discover bool // look for the module's own release under /boot and /lib/modules
	root     string
	load     kernel.Options
	say      func(string) // tells the user which files of the machine were used
	beside   []kernel.ModuleFile

	mu    sync.Mutex
	found map[string]kernel.Kernels // by release, of what was discovered
}

// targets loads what --kernel names. Without the flag kernels are looked for
// when a module asks for its own, and the user is told.
func (a *app) targets(k *settings.Kernel) (*targets, error) {
	t := &targets{root: a.root, load: a.common.kernels(), found: make(map[string]kernel.Kernels), say: func(s string) {
		if !a.common.quiet {
			a.errorf("%s", s)
		}
	}}
	switch {
	case k.None:
	case len(k.Paths) == 0:
		t.discover = true
	default:
		given, err := a.loadKernels(k.Paths)
		if err != nil {
			return nil, uncheckedErrorf("--kernel: %w", err)
		}
		t.given = given
	}
	return t, nil
}

// addModules makes the modules among the files targets of every kernel that was
// built with them and whose own folder lacks them: a livepatch and the module
// that it patches may come out of one build. It is for the time before target.
func (t *targets) addModules(lists ...[]input.File) {
	if len(t.given) == 0 && !t.discover {
		return
	}
	for _, files := range lists {
		for i := range files {
			f := &files[i]
			t.beside = append(t.beside, kernel.ModuleFile{Path: f.Path, Content: f.Content, Size: f.Size})
		}
	}
	t.given.AddModules(t.beside)
}

// target returns the kernel of a module, the nil interface when nothing is
// known. Several goroutines may ask.
func (t *targets) target(m *klp.Module) klp.Target {
	if len(t.given) > 0 {
		return t.given.For(m)
	}
	if !t.discover || m.Vermagic.Release == "" {
		return nil
	}
	if k := t.onMachine(m.Vermagic.Release).Choose(m.Vermagic.Release, m.Arch); k != nil {
		return k
	}
	return nil
}

// onMachine loads the machine's own kernel of a release, once.
func (t *targets) onMachine(release string) kernel.Kernels {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ks, ok := t.found[release]; ok {
		return ks
	}
	var ks kernel.Kernels
	if paths := kernel.Discover(t.root, release); len(paths) > 0 {
		var err error
		if ks, err = t.load.Load(paths...); err != nil {
			t.say(fmt.Sprintf("kernel %s of this machine is not used: %v", release, err))
		} else {
			t.say(fmt.Sprintf("kernel %s: using %s (--kernel none forbids it)", release, strings.Join(paths, ", ")))
			ks.AddModules(t.beside)
		}
	}
	t.found[release] = ks
	return ks
}

// layout returns the layout of the livepatch structs that holds for every
// kernel given, nil when they differ or none tells it.
func (t *targets) layout() *klp.Layout {
	var layouts []klp.Layout
	for _, k := range t.given {
		l := k.Layout()
		if l == nil {
			return nil
		}
		if !slices.Contains(layouts, *l) {
			layouts = append(layouts, *l)
		}
	}
	if len(layouts) != 1 {
		return nil
	}
	return &layouts[0]
}
