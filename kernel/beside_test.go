package kernel

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/klplint/klplint/klp"
)

// addedFolder makes a folder with the synthetic module under other names.
func addedFolder(t *testing.T, names ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(synthetic, "modules", "kernel", "synth_target.ko"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, name+".ko")
		// Names of one length keep the offsets of the ELF file.
		if err := os.WriteFile(path, bytes.ReplaceAll(data, []byte("synth_target"), []byte(name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The folders of a release add up, whatever their order is.
func TestModuleFoldersAddUp(t *testing.T) {
	dir := addedFolder(t, "vendor_extra", "synth_target")
	for _, paths := range [][]string{{synthetic, dir}, {dir, synthetic}} {
		k := load(t, paths...)
		if got, want := k.Modules(), []string{"synth_target", "vendor_extra"}; !slices.Equal(got, want) {
			t.Errorf("%q: modules %q, want %q", paths, got, want)
		}
		if a := k.FindFunc("vendor_extra", "target_one", 0); a.Status != klp.SymbolFound {
			t.Errorf("%q: %s", paths, a.Status)
		}
		if got, want := k.modules.paths["synth_target"], filepath.Join(dir, "synth_target.ko"); got != want {
			t.Errorf("%q: synth_target is %s, want what was added, %s", paths, got, want)
		}
		// What is built in stays known.
		var none *NoSuchModule
		if _, err := k.Object("builtin_fs"); !errors.As(err, &none) || !none.Builtin {
			t.Errorf("%q: builtin_fs: %v", paths, err)
		}
	}
}

func TestAddModules(t *testing.T) {
	dir := addedFolder(t, "vendor_extra", "vendor_other")
	path := filepath.Join(dir, "vendor_extra.ko")
	ks, err := Options{}.Load(synthetic)
	if err != nil {
		t.Fatal(err)
	}
	wrong := filepath.Join(dir, "other_name.ko") // calls itself vendor_other
	if err := os.Rename(filepath.Join(dir, "vendor_other.ko"), wrong); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	foreign := bytes.ReplaceAll(data, []byte(testRelease), []byte("6.12.97-synthetic"))
	foreign = bytes.ReplaceAll(foreign, []byte("vendor_extra"), []byte("vendor_there"))
	ks.AddModules([]ModuleFile{
		{Path: path},
		{Path: wrong},
		{Path: "x.deb!/lib/vendor_there.ko", Content: bytes.NewReader(foreign), Size: int64(len(foreign))},
	})
	if a := ks[0].FindFunc("vendor_extra", "target_one", 0); a.Status != klp.SymbolFound {
		t.Errorf("vendor_extra: %s", a.Status)
	}
	for _, name := range []string{"other_name", "vendor_other", "vendor_there"} {
		if o, err := ks[0].Object(name); err == nil {
			t.Errorf("%s is %+v", name, o)
		}
	}
}
