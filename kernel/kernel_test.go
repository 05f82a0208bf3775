package kernel

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/klp"
)

const synthetic = "testdata/synthetic"

func load(t *testing.T, paths ...string) *Kernel {
	t.Helper()
	ks, err := Options{}.Load(paths...)
	if err != nil {
		t.Fatal(err)
	}
	if len(ks) != 1 {
		t.Fatalf("%d kernels, want 1", len(ks))
	}
	return ks[0]
}

// writeFile makes a file in a fresh folder.
func writeFile(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadFolder(t *testing.T) {
	k := load(t, synthetic)
	if k.Release() != testRelease || k.Arch() != klp.X86_64 || k.ModuleStructSize() != 1280 {
		t.Errorf("release %q, arch %q, struct module %d", k.Release(), k.Arch(), k.ModuleStructSize())
	}
	want := Counts{Symbols: 16, Traceable: 6, Exports: 7, Modules: 1, ListedModules: -1, Options: 7}
	if diff := cmp.Diff(want, k.Counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if v, known := k.Config("LIVEPATCH"); v != "y" || !known {
		t.Errorf("LIVEPATCH is %q, known %t", v, known)
	}
	if v, _ := k.Config("NO_SUCH_OPTION"); v != "n" {
		t.Errorf("an option that is not there is %q", v)
	}
	if missing := k.Missing(); len(missing) != 1 || !strings.Contains(missing[0], "layout") {
		t.Errorf("missing: %q", missing)
	}
}

// lookUp cases hold for the synthetic kernel from text files and for the one
// whose tables are packed into a bzImage.
func TestFindFunc(t *testing.T) {
	tests := []struct {
		object, name string
		sympos       uint64
		status       klp.SymbolStatus
		message      string
	}{
		{"vmlinux", "unique_show", 0, klp.SymbolFound, ""},
		{"vmlinux", "unique_show", 1, klp.SymbolFound, ""},
		{"vmlinux", "unique_show", 2, klp.SymbolBeyond, "symbol position 2 for symbol 'unique_show' in object 'vmlinux' not found"},
		{"vmlinux", "label_show", 0, klp.SymbolAmbiguous, "unresolvable ambiguity for symbol 'label_show' in object '(null)'"},
		{"vmlinux", "label_show", 1, klp.SymbolFound, ""},
		{"vmlinux", "label_show", 3, klp.SymbolFound, ""},
		{"vmlinux", "label_show", 4, klp.SymbolBeyond, "symbol position 4 for symbol 'label_show' in object 'vmlinux' not found"},
		{"vmlinux", "exc_int3", 0, klp.SymbolUntraceable, "failed to find location for function 'exc_int3'"},
		{"vmlinux", "start_kernel", 0, klp.SymbolUntraceable, "failed to find location for function 'start_kernel'"},
		{"vmlinux", "no_such", 0, klp.SymbolMissing, "symbol 'no_such' not found in symbol table"},
		{"vmlinux", "no_such", 1, klp.SymbolMissing, "symbol 'no_such' not found in symbol table"},
		{"vmlinux", "", 0, klp.SymbolMissing, "symbol '' not found in symbol table"},
	}
	kernels := map[string]*Kernel{"text files": load(t, synthetic)}
	for f := range tableFormat(formatCount) {
		kernels["bzImage, format "+string(rune('0'+f))] = load(t, writeFile(t, "vmlinuz", testBzImage(t, testELF(f))))
		kernels["vmlinux, format "+string(rune('0'+f))] = load(t, writeFile(t, "vmlinux", testELF(f)))
	}
	for from, k := range kernels {
		for _, tt := range tests {
			a := k.FindFunc(tt.object, tt.name, tt.sympos)
			if a.Status != tt.status || a.Refusal.Message != tt.message {
				t.Errorf("%s: %s:%s,%d: %s %q, want %s %q", from, tt.object, tt.name, tt.sympos, a.Status, a.Refusal.Message, tt.status, tt.message)
			}
			if refused := a.Status != klp.SymbolFound; refused != (a.Refusal.Errno == "EINVAL") {
				t.Errorf("%s: %s: errno %q", from, tt.name, a.Refusal.Errno)
			}
		}
	}
}

func TestFindInModule(t *testing.T) {
	k := load(t, synthetic)
	tests := []struct {
		name   string
		sympos uint64
		status klp.SymbolStatus
	}{
		{"target_one", 0, klp.SymbolFound},
		{"target_pair", 0, klp.SymbolAmbiguous},
		{"target_pair", 2, klp.SymbolFound},
		{"target_pair", 3, klp.SymbolBeyond},
		{"target_quiet", 0, klp.SymbolUntraceable},
		{"target_data", 0, klp.SymbolUntraceable},
		{"init_module", 0, klp.SymbolMissing}, // scenario target_init_function
		{"unique_show", 0, klp.SymbolMissing}, // scenario target_wrong_object_func_before
	}
	for _, tt := range tests {
		if a := k.FindFunc("synth_target", tt.name, tt.sympos); a.Status != tt.status {
			t.Errorf("%s,%d: %s (%s), want %s", tt.name, tt.sympos, a.Status, a.Refusal.Message, tt.status)
		}
	}
	o, err := k.Object("synth_target")
	if err != nil {
		t.Fatal(err)
	}
	if o.SrcVersion != "0123456789ABCDEF0123456" || !o.InitOnly("init_module") || o.InitOnly("target_one") {
		t.Errorf("srcversion %q, init_module only in init text %t", o.SrcVersion, o.InitOnly("init_module"))
	}
	p := o.Positions("target_pair")
	if len(p) != 2 || p[0].Addr != 0x10 || p[0].Size != 9 || !p[0].Exact || p[1].Addr != 0x30 || p[1].Size != 10 {
		t.Errorf("positions of target_pair: %+v", p)
	}
}

func TestUnknownObjects(t *testing.T) {
	k := load(t, synthetic)
	for name, want := range map[string]NoSuchModule{
		"synth-target":    {Name: "synth-target", Similar: "synth_target"},
		"synth_target.ko": {Name: "synth_target.ko", Similar: "synth_target"},
		"builtin_fs":      {Name: "builtin_fs", Builtin: true},
		"zfs":             {Name: "zfs"},
	} {
		_, err := k.Object(name)
		var none *NoSuchModule
		if !errors.As(err, &none) || *none != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	alone := load(t, filepath.Join(synthetic, "System.map"))
	if _, err := alone.Object("synth_target"); !errors.Is(err, ErrUnknownObject) {
		t.Errorf("without a folder of modules: %v", err)
	}
	if a := alone.FindFunc("vmlinux", "unique_show", 0); a.Status != klp.SymbolUnknown || a.Matches != 1 {
		t.Errorf("without a list of traceable functions: %+v", a)
	}
	if a := alone.FindSym("vmlinux", "unique_show", 0); a.Status != klp.SymbolFound {
		t.Errorf("a look-up needs no such list: %+v", a)
	}
}

// /proc/kallsyms without addresses still has the positions, and the modules.
func TestKallsymsText(t *testing.T) {
	text := "0000000000000000 T _text\n0000000000000000 t twice\n0000000000000000 t twice\n" +
		"0000000000000000 t one\t[loop]\n0000000000000000 t twice\t[loop]\n0000000000000000 t x\t[bpf]\n"
	list := "twice\none [loop]\ntwice\n"
	k := load(t, writeFile(t, "kallsyms", []byte(text)), writeFile(t, "filter", []byte(list)))
	for _, tt := range []struct {
		object, name string
		sympos       uint64
		status       klp.SymbolStatus
	}{
		{"vmlinux", "twice", 2, klp.SymbolFound},
		{"vmlinux", "twice", 3, klp.SymbolBeyond},
		{"loop", "one", 0, klp.SymbolFound},
		{"loop", "twice", 0, klp.SymbolUnknown}, // an alias may be listed, and no address tells
		{"bpf", "x", 0, klp.SymbolUnknown},
		{"vmlinux", "one", 0, klp.SymbolMissing},
	} {
		if a := k.FindFunc(tt.object, tt.name, tt.sympos); a.Status != tt.status {
			t.Errorf("%s:%s,%d: %s %s, want %s", tt.object, tt.name, tt.sympos, a.Status, a.Reason, tt.status)
		}
	}
	if p := mustObject(t, k, "vmlinux").Positions("twice"); p[0].HasAddr || p[0].Size != 0 {
		t.Errorf("hidden addresses came out: %+v", p[0])
	}
}

// available_filter_functions has one name an address.
func TestListedAliases(t *testing.T) {
	text := "ffffffff81000000 T _text\nffffffff81000100 t __do_sys_getpid\nffffffff81000100 T __ia32_sys_getpid\nffffffff81000100 T __x64_sys_getpid\n" +
		"ffffffff81000200 t shared\nffffffff81000200 t other_name\nffffffff81000300 t shared\nffffffff81000400 T notrace_one\n" +
		"ffffffffc0000100 t first_name\t[loop]\nffffffffc0000100 t second_name\t[loop]\nffffffffc0000200 t plain\t[loop]\n"
	list := "__do_sys_getpid\nshared\nsecond_name [loop]\n"
	k := load(t, writeFile(t, "kallsyms", []byte(text)), writeFile(t, "filter", []byte(list)))
	for _, tt := range []struct {
		object, name string
		status       klp.SymbolStatus
	}{
		{"vmlinux", "__do_sys_getpid", klp.SymbolFound},
		{"vmlinux", "__x64_sys_getpid", klp.SymbolFound},
		{"vmlinux", "__ia32_sys_getpid", klp.SymbolFound},
		{"vmlinux", "other_name", klp.SymbolUnknown}, // one of the two shared is listed
		{"vmlinux", "notrace_one", klp.SymbolUntraceable},
		{"loop", "first_name", klp.SymbolFound},
		{"loop", "plain", klp.SymbolUntraceable},
	} {
		if a := k.FindFunc(tt.object, tt.name, 0); a.Status != tt.status {
			t.Errorf("%s:%s: %s %s, want %s", tt.object, tt.name, a.Status, a.Reason, tt.status)
		}
	}
}

func mustObject(t *testing.T, k *Kernel, name string) *Object {
	t.Helper()
	o, err := k.Object(name)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestLoadRefuses(t *testing.T) {
	for name, content := range map[string]string{
		"empty":            "",
		"text":             "hello, world\nthis is no kernel\n",
		"stub":             "ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n",
		"falling":          "ffffffff81000100 T b\nffffffff81000000 T a\n",
		"cut ELF":          "\x7fELF\x02\x01\x01",
		"config in prose":  "CONFIG_A=y\nnot a line of it\n",
		"symvers in prose": "0x00000001\ta\tvmlinux\tEXPORT_SYMBOL\t\nprose\n",
		"cut gzip":         "\x1f\x8b\x08\x00",
	} {
		if ks, err := (Options{}).Load(writeFile(t, "file", []byte(content))); err == nil {
			t.Errorf("%s: no error, %d kernels", name, len(ks))
		}
	}
	if _, err := (Options{}).Load("testdata/no-such-path"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no such path: %v", err)
	}
	if _, err := (Options{}).Load(t.TempDir()); err == nil {
		t.Error("an empty folder is no error")
	}
	if _, err := (Options{}).Load(filepath.Join(synthetic, "modules/kernel/synth_target.ko")); err == nil || !strings.Contains(err.Error(), "module directory") {
		t.Errorf("one module as a kernel: %v", err)
	}
}

func TestSeveralKernels(t *testing.T) {
	image := func(release string) string {
		vm := testELF(format612)
		other := strings.ReplaceAll(string(vm), testRelease, release)
		return writeFile(t, "vmlinuz", testBzImage(t, []byte(other)))
	}
	a, b := image("6.12.98-synthetic"), image("6.12.97-synthetic")
	ks, err := Options{}.Load(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if k := ks.Choose("6.12.97-synthetic", klp.X86_64); k == nil || k.Release() != "6.12.97-synthetic" {
		t.Errorf("chose %+v", k)
	}
	m := &klp.Module{Arch: klp.X86_64, Vermagic: klp.Vermagic{Release: "6.1.0"}}
	none, ok := ks.For(m).(*Mismatch)
	if !ok || !strings.Contains(none.Error(), "6.12.98-synthetic") {
		t.Errorf("a module for neither gets %T", ks.For(m))
	}
	if s := none.FindFunc("vmlinux", "unique_show", 0).Status; s != klp.SymbolUnknown {
		t.Errorf("a mismatch answers %s", s)
	}
	if k := ks[:1].Choose("6.1.0", klp.X86_64); k != ks[0] {
		t.Error("the only kernel is not chosen")
	}
	if k := ks[:1].Choose("6.12.98-synthetic", klp.ARM64); k != nil {
		t.Error("a kernel of another architecture is chosen")
	}
	// A list without a release joins the only kernel, and no other.
	if ks, err = (Options{}).Load(a, filepath.Join(synthetic, "config")); err != nil || len(ks) != 1 {
		t.Errorf("%d kernels, %v", len(ks), err)
	} else if _, known := ks[0].Config("LIVEPATCH"); !known {
		t.Error("the configuration did not join")
	}
	if ks, err = (Options{}).Load(a, b, filepath.Join(synthetic, "config")); err != nil || len(ks) != 3 || ks[2].Release() != "" {
		t.Errorf("%d kernels, %v", len(ks), err)
	}
}

func TestCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	o := Options{CacheDir: dir}
	path := writeFile(t, "vmlinuz", testBzImage(t, testELF(format612)))
	first, err := o.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	same := func(what string) {
		t.Helper()
		again, err := o.Load(path)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		for _, name := range []string{"unique_show", "label_show", "exc_int3", "start_kernel", "no_such"} {
			if diff := cmp.Diff(first[0].FindFunc("vmlinux", name, 0), again[0].FindFunc("vmlinux", name, 0)); diff != "" {
				t.Errorf("%s: %s differs:\n%s", what, name, diff)
			}
		}
		if diff := cmp.Diff(first[0].Counts(), again[0].Counts()); diff != "" {
			t.Errorf("%s: counts differ:\n%s", what, diff)
		}
	}
	same("from the cache")
	entry := filepath.Join(dir, entries[0].Name())
	whole, err := os.ReadFile(entry)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, 31, len(whole) / 2, len(whole) - 1} {
		if err := os.WriteFile(entry, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		same("cut entry")
	}
	changed := append([]byte(nil), whole...)
	changed[len(changed)/2] ^= 1
	if err := os.WriteFile(entry, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	same("changed entry")
	if repaired, err := os.ReadFile(entry); err != nil || string(repaired) != string(whole) {
		t.Errorf("a damaged entry was not written anew (%v)", err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := o.Load(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if left, _ := filepath.Glob(filepath.Join(dir, "tmp-*")); len(left) > 0 {
		t.Errorf("temporary files stay: %v", left)
	}
	if _, err := (Options{CacheDir: entry}).Load(path); err != nil {
		t.Errorf("a cache that cannot be written: %v", err)
	}
}

func TestDiscover(t *testing.T) {
	root := t.TempDir()
	for _, f := range []struct{ name, content string }{
		{"boot/vmlinuz-6.12.99-synthetic", "x"},
		{"boot/System.map-6.12.99-synthetic", "ffffffffffffffff B The real System.map is elsewhere\n"},
		{"boot/config-6.12.99-synthetic", "x"},
		{"lib/modules/6.12.99-synthetic/modules.builtin", ""},
		{"lib/modules/6.12.99-synthetic/build/include/config/kernel.release", "6.12.99-synthetic\n"},
	} {
		path := filepath.Join(root, f.name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(f.content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := Discover(root, testRelease)
	for i := range got {
		got[i], _ = filepath.Rel(root, got[i])
	}
	want := []string{
		"lib/modules/6.12.99-synthetic", "lib/modules/6.12.99-synthetic/build",
		"boot/vmlinuz-6.12.99-synthetic", "boot/config-6.12.99-synthetic",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, release := range []string{"", "..", "../6.12.99-synthetic", "6.1.0"} {
		if got := Discover(root, release); got != nil {
			t.Errorf("%q: %v", release, got)
		}
	}
}

func TestSimilar(t *testing.T) {
	k := load(t, synthetic)
	o := mustObject(t, k, "vmlinux")
	for name, want := range map[string][]string{
		"copied_function":         {"copied_function.isra.0"},
		"copied_function.part.3":  {"copied_function.isra.0"},
		"unique_shwo":             {"unique_show"},
		"cmdline_proc_sho":        {"cmdline_proc_show"},
		"cmdline_proc_show.cold":  {"cmdline_proc_show"},
		"nothing_is_like_this_at": nil,
	} {
		if diff := cmp.Diff(want, o.Similar(name)); diff != "" && (len(want) > 0 || len(o.Similar(name)) > 0) {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, want := range map[string]string{
		"cmdline_proc_show.cold": "the cold part of cmdline_proc_show", "__pfx_f": "the padding before f",
		"f.isra.0": "a clone of f with changed parameters", "f.part.1": "a part of f that the compiler split off", "plain": "",
	} {
		if got := Derived(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
