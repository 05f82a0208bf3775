package rules

import (
	"bytes"
	"debug/elf"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/internal/unpack"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

// TestRealKernelsOrdinaryModules holds the rules about code, sections and types to
// silence over modules that are right by construction: every tenth that a
// distribution ships with its kernel, marked as a livepatch so that it is read
// as one: of the object that it is itself, each of its functions replaced with itself. Without KLPLINT_KERNELS
// the test is not run.
func TestRealKernelsOrdinaryModules(t *testing.T) {
	root := os.Getenv("KLPLINT_KERNELS")
	if root == "" {
		t.Skip("KLPLINT_KERNELS is not set: run `make kernel-test`")
	}
	folders, err := filepath.Glob(filepath.Join(root, "*", "complete"))
	if err != nil || len(folders) < 2 {
		t.Fatalf("%s: %d kernels, want at least 2", root, len(folders))
	}
	silent := []*Rule{klp120, klp121, klp209, klp211, klp212, klp213, klp214, klp215, klp216, klp220, klp221, klp319, klp324}
	for _, complete := range folders {
		folder := filepath.Dir(complete)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			k := kernelOfFolder(t, folder)
			asked, unread, evaluated := 0, 0, map[*Rule]int{}
			for _, path := range everyTenth(t, folder) {
				m, err := asLivepatch(t, path)
				if err != nil { // what looks like tables of a livepatch is none
					unread++
					continue
				}
				plain, err := elfread.Open(path, elfread.Options{})
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range k.CheckLoad(plain) {
					t.Errorf("%s: refused by its own kernel: %s %s", path, r.Errno, r.Reason)
				}
				asked++
				for _, r := range silent {
					got, needs := judge(t, r, m, k)
					// Not every function is in BTF, as every replacement should be.
					if needs == "" || strings.HasPrefix(needs, kernel.ErrUndescribed.Error()) {
						evaluated[r]++
					}
					for _, f := range got {
						t.Errorf("%s: %s: %s", m.Path, r.ID(), f.Message)
					}
				}
			}
			for _, r := range silent {
				t.Logf("%s: evaluated for %d of %d modules", r.ID(), evaluated[r], asked)
				if evaluated[r] < asked*9/10 {
					t.Errorf("%s: evaluated for %d of %d modules alone", r.ID(), evaluated[r], asked)
				}
			}
			t.Logf("%d modules read, %d not", asked, unread)
			if asked < 300 || unread > asked/10 {
				t.Errorf("%d modules read and %d not, want at least 300 and few", asked, unread)
			}
		})
	}
}

// TestRealKernelsDebugInformation: what the debug information of a livepatch says of
// thousands of types is what the BTF of its kernel says.
func TestRealKernelsDebugInformation(t *testing.T) {
	root, built := os.Getenv("KLPLINT_KERNELS"), os.Getenv("KLPLINT_FIXTURES")
	if root == "" || built == "" {
		t.Skip("KLPLINT_KERNELS or KLPLINT_FIXTURES is not set: run `make kernel-test`")
	}
	m, err := elfread.Open(filepath.Join(built, "static", "debug.ko"), elfread.Options{Types: true})
	if err != nil {
		t.Fatal(err)
	}
	k := kernelOfFolder(t, filepath.Join(root, m.Vermagic.Release))
	for _, r := range []*Rule{klp324, klp325} {
		if got, needs := judge(t, r, m, k); len(got) > 0 || needs != "" {
			t.Errorf("%s: %+v, needs %q", r.ID(), got, needs)
		}
	}
}

// kernelOfFolder reads a kernel's image and .config.
func kernelOfFolder(t *testing.T, folder string) *kernel.Kernel {
	t.Helper()
	ks, err := kernel.Options{}.Load(filepath.Join(folder, "vmlinuz"), filepath.Join(folder, "headers", ".config"))
	if err != nil || len(ks) != 1 {
		t.Fatalf("%s: %d kernels, %v", folder, len(ks), err)
	}
	return ks[0]
}

func everyTenth(t *testing.T, folder string) []string {
	t.Helper()
	modules, err := filepath.EvalSymlinks(filepath.Join(folder, "modules"))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	err = filepath.WalkDir(filepath.Join(modules, "kernel"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(d.Name(), ".ko") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(paths)
	var out []string
	for i := 0; i < len(paths); i += 10 {
		out = append(out, paths[i])
	}
	return out
}

// asLivepatch reads an ordinary module with the entry livepatch=Y in the place
// of one that says nothing to the loader.
func asLivepatch(t *testing.T, path string) (*klp.Module, error) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := unpack.NewDecoder(unpack.Modules).Reader(bytes.NewReader(data), unpack.Detect(data))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if data, err = io.ReadAll(r); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	info := f.Section(".modinfo")
	const mark = "livepatch=Y"
	marked := false
	for entry := range bytes.SplitSeq(data[info.Offset:][:info.FileSize], []byte{0}) {
		key, _, _ := bytes.Cut(entry, []byte("="))
		if len(entry) >= len(mark) && slices.Contains([]string{"author", "description", "alias", "srcversion", "vermagic"}, string(key)) {
			clear(entry[copy(entry, mark):])
			marked = true
			break
		}
	}
	if !marked {
		t.Fatalf("%s: no room for %s", path, mark)
	}
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	m, err := elfread.Read(bytes.NewReader(data), int64(len(data)), path, elfread.Options{})
	if err != nil {
		return nil, err
	}
	if m.Kind != klp.KindLivepatch {
		t.Fatalf("%s is read as %s", path, m.Kind)
	}
	o := klp.Object{Name: m.Name}
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Section != elf.SHN_UNDEF {
			o.Funcs = append(o.Funcs, klp.Func{Name: s.Name, New: klp.Code{Symbol: s.Name}})
		}
	}
	m.Patch.Objects = []klp.Object{o}
	return m, nil
}
