package kernel

import (
	"cmp"
	"io"
	"path/filepath"
	"slices"
	"sync"

	"github.com/klplint/klplint/internal/modfile"
)

// ModuleFile is the file of a module that is given apart from a kernel's own
// folders. Content, of Size bytes, is read instead of the file at Path where it
// is not nil; several goroutines may read it.
type ModuleFile struct {
	Path    string
	Content io.ReaderAt
	Size    int64
}

// AddModules makes modules that a kernel's own folders lack known to it, where
// they were built for its release. A file is the module of its name, as for
// kmod; it is read when something asks for that module, and one that cannot be
// read, or that calls itself otherwise in .modinfo, is no module of the kernel.
// Of several files of one name the first path in order counts. It is for the
// time before the kernels are asked.
func (ks Kernels) AddModules(files []ModuleFile) {
	b := &besideModules{files: map[string][]ModuleFile{}}
	for _, f := range files {
		if name := moduleName(filepath.Base(f.Path)); name != "" {
			b.files[name] = append(b.files[name], f)
		}
	}
	if len(b.files) == 0 {
		return
	}
	for _, list := range b.files {
		slices.SortStableFunc(list, func(a, b ModuleFile) int { return cmp.Compare(a.Path, b.Path) })
	}
	for _, k := range ks {
		k.beside = b
	}
}

// besideModules are the files of AddModules by the name of their module. They
// are shared by the kernels.
type besideModules struct {
	files map[string][]ModuleFile

	mu   sync.Mutex
	read map[string][]*moduleFacts // of the names that were asked for
}

// module returns the module of a name that was built for the kernel, or nil.
func (b *besideModules) module(k *Kernel, name string) *moduleFacts {
	if b == nil || len(b.files[name]) == 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	all, there := b.read[name]
	if !there {
		for _, f := range b.files[name] {
			if m, err := f.read(); err == nil && (m.name == "" || m.name == name) {
				all = append(all, m)
			}
		}
		if b.read == nil {
			b.read = map[string][]*moduleFacts{}
		}
		b.read[name] = all
	}
	for _, m := range all {
		if (k.release == "" || modfile.ParseVermagic(m.vermagic).Release == k.release) && (k.arch == "" || m.arch == k.arch) {
			return m
		}
	}
	return nil
}

// read reads the file, whose facts are not worth a place in the cache: it is
// being built.
func (f *ModuleFile) read() (*moduleFacts, error) {
	var none *cache
	if f.Content != nil {
		return none.moduleFrom(f.Content, f.Size)
	}
	return none.module(f.Path)
}
