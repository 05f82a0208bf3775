package kernel

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/klplint/klplint/internal/modfile"
	"github.com/klplint/klplint/internal/release"
	"github.com/klplint/klplint/klp"
)

// moduleTree is a folder of ordinary modules. Modules are read one by one when
// something asks for them.
type moduleTree struct {
	roots   []string          // more than one where folders of a release add up
	release string            // the folder's name or the first module's vermagic
	paths   map[string]string // module name -> path
	ranks   map[string]int    // module name -> rank of that path
	names   []string          // sorted
	builtin map[string]bool   // from modules.builtin
	cache   *cache
	spell   func(path string) string // Options.Spelled

	namesOnce sync.Once
	inSysfs   map[string]bool // names of what is built in and seen in /sys/module; see ModuleName

	mu     sync.Mutex
	loaded map[string]*loadedModule
}

type loadedModule struct {
	once sync.Once
	obj  *moduleFacts
	err  error
}

// moduleFacts is what klplint keeps of one ordinary module.
type moduleFacts struct {
	arch       klp.Arch
	name       string
	srcversion string
	vermagic   string
	thisModule uint64       // size of .gnu.linkonce.this_module
	symbols    *symbolTable // those that stay after the module's init, in symbol-table order
	init       *symbolTable // those that are freed with .init.*
	// locations are ftrace's call sites by section, sorted; traced says that
	// the module has such a section at all.
	locations map[uint32][]uint64
}

// maxModules bounds a folder; distributions have about 4,500 modules.
const maxModules = 64 << 10

// moduleSuffixes are the names under which kmod finds modules.
var moduleSuffixes = []string{".ko", ".ko.xz", ".ko.zst", ".ko.gz"}

// moduleName returns the module's name of a file name, or "" for other files.
// kmod and the kernel take '-' and '_' for the same in file names, the loaded
// module has '_' (KBUILD_MODNAME).
func moduleName(file string) string {
	for _, suffix := range moduleSuffixes {
		if stem, ok := strings.CutSuffix(file, suffix); ok && stem != "" {
			return strings.ReplaceAll(stem, "-", "_")
		}
	}
	return ""
}

// openModuleTree lists the modules below the folder; it opens none of them.
// Livepatches and other modules that were installed later (updates, extra) win
// over the kernel's own, as for depmod.
func openModuleTree(root string, c *cache, spell func(string) string) (*moduleTree, error) {
	t := &moduleTree{roots: []string{root}, paths: map[string]string{}, ranks: map[string]int{}, builtin: map[string]bool{}, loaded: map[string]*loadedModule{}, cache: c, spell: spell}
	// modules.builtin comes with a kernel, and with nothing that is added to one.
	added := 0
	if !isFile(filepath.Join(root, "modules.builtin")) {
		added = rankAdded
	}
	// WalkDir does not follow a link that it is given.
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != root && (d.Name() == "build" || d.Name() == "source") {
				return fs.SkipDir
			}
			return nil
		}
		name := moduleName(d.Name())
		if name == "" {
			return nil
		}
		if len(t.paths) >= maxModules {
			return fmt.Errorf("%s: more than %d modules", root, maxModules)
		}
		t.offer(name, path, max(added, precedence(root, path)))
		return nil
	})
	if err != nil {
		return nil, err
	}
	t.names = slices.Sorted(maps.Keys(t.paths))
	if list, err := os.ReadFile(filepath.Join(root, "modules.builtin")); err == nil {
		for line := range bytes.Lines(list) {
			if name := moduleName(filepath.Base(string(bytes.TrimSpace(line)))); name != "" {
				t.builtin[name] = true
			}
		}
	}
	if base := filepath.Base(root); strings.Count(base, ".") >= 1 {
		if v, ok := release.Parse(base); ok && v.Known {
			t.release = base
		}
	}
	if t.release == "" && len(t.names) > 0 {
		if m, err := t.module(t.names[0]); err == nil {
			t.release = modfile.ParseVermagic(m.vermagic).Release
		}
	}
	return t, nil
}

// The ranks of a module's file: of several of one name the highest is used.
// updates goes before the rest in depmod's default search order, and whoever
// adds a folder to a kernel's own means the modules in it.
const (
	rankKernel = iota
	rankAdded
	rankUpdates
)

func precedence(root, path string) int {
	rel, err := filepath.Rel(root, path)
	if err == nil && strings.HasPrefix(rel, "updates"+string(filepath.Separator)) {
		return rankUpdates
	}
	return rankKernel
}

// offer takes a file for a module unless a better one is known. Of equals the
// first path in order wins, so that the order in which folders are given does
// not matter.
func (t *moduleTree) offer(name, path string, rank int) {
	if old, there := t.paths[name]; there && (t.ranks[name] > rank || t.ranks[name] == rank && t.spell(old) <= t.spell(path)) {
		return
	}
	t.paths[name], t.ranks[name] = path, rank
}

// merge adds what another folder of the same release has.
func (t *moduleTree) merge(other *moduleTree) {
	t.roots = append(t.roots, other.roots...)
	for name, path := range other.paths {
		t.offer(name, path, other.ranks[name])
	}
	for name := range other.builtin {
		t.builtin[name] = true
	}
	t.names = slices.Sorted(maps.Keys(t.paths))
	clear(t.loaded) // a file that was read may not be the one that counts
}

// module reads a module of the folder once. Its name must be the kernel's own
// spelling.
func (t *moduleTree) module(name string) (*moduleFacts, error) {
	path, there := t.paths[name]
	if !there {
		return nil, os.ErrNotExist
	}
	t.mu.Lock()
	l := t.loaded[name]
	if l == nil {
		l = new(loadedModule)
		t.loaded[name] = l
	}
	t.mu.Unlock()
	l.once.Do(func() {
		l.obj, l.err = t.cache.module(path)
		if l.err != nil {
			l.err = fmt.Errorf("%s: %w", t.spell(path), l.err)
		}
	})
	return l.obj, l.err
}

// spelledLike returns the module or built-in object that differs from the name
// only in what people get wrong: '-' for '_', ".ko" at the end, case.
func (t *moduleTree) spelledLike(name string) string {
	fold := func(s string) string {
		if n := moduleName(s); n != "" {
			s = n
		}
		return strings.ToLower(strings.ReplaceAll(s, "-", "_"))
	}
	want := fold(name)
	if _, there := t.paths[want]; there {
		return want
	}
	for _, n := range t.names {
		if fold(n) == want {
			return n
		}
	}
	return ""
}
