package kerneltest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHookedSource: what kpatch's hook reads is written section by section, and the
// makefile decides the flag.
func TestHookedSource(t *testing.T) {
	m := Module{Name: "k", Hooked: true, Replace: true, Objects: &[]Object{
		{Funcs: parseFuncs([]string{"cmdline_proc_show"}), Callbacks: true},
		module("klp_target", "klp_target_one,2"),
	}}
	source := m.hookedSource()
	for text, want := range map[string]int{
		`__section(".kpatch.strings")`:                                      4,
		`__section(".kpatch.funcs")`:                                        2,
		`__section(".kpatch.callbacks.pre_patch")`:                          1,
		`__section(".kpatch.callbacks.post_unpatch")`:                       1,
		`object_0[] __section(".kpatch.strings") __used = "vmlinux"`:        1,
		`.sympos = 2, .name = name_1_0, .objname = object_1`:                1,
		`static struct klp_patch`:                                           0,
		`static int pre_patch_0(void *obj)` + "\n{\n\treturn 0;\n}":         1,
		`static noinline int repl_1_0(struct seq_file *m, void *v)` + "\n{": 1,
	} {
		if got := strings.Count(source, text); got != want {
			t.Errorf("%d times %q, want %d, in\n%s", got, text, want, source)
		}
	}
	dir := t.TempDir()
	lines, err := layHooked(dir, "k", &m)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(lines, "CFLAGS_k_hook.o := -DKLP_REPLACE_ENABLE=true\n") {
		t.Errorf("the flag is not set: %q", lines)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "k_sections.c")); err != nil || string(data) != source {
		t.Errorf("k_sections.c: %v\n%s", err, data)
	}
	if _, err := (&Suite{Hook: dir}).layHook(t.TempDir()); err == nil {
		t.Error("a folder without the hook was taken")
	}
}

// TestHookedApart: what links with kpatch's script is not built beside other modules.
func TestHookedApart(t *testing.T) {
	s := Hooked("", true)
	round := map[string]string{"k_plain": "k_plain"}
	if s.fits("k_static", round) || !s.fits("k_replace", round) || !s.fits("k_static", map[string]string{}) {
		t.Error("modules with and without the hook are mixed")
	}
}

// TestDirect: of two functions of which one calls the other, the file says whose code
// ran, and the caller's comes first.
func TestDirect(t *testing.T) {
	want := map[string]string{"vmlinux:klp_direct_show": "a", "vmlinux:klp_direct_show,2": "b", "vmlinux:cmdline_proc_show": "c"}
	got := ownersSeen(map[string]string{
		"vmlinux:klp_direct_put": "a", "vmlinux:klp_direct_show,2": "b", "vmlinux:klp_direct_put,2": "a",
		"vmlinux:cmdline_proc_show": "c", "vmlinux:label_show,2": "d",
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for file, key := range map[string]string{"/proc/klp_direct_1": "vmlinux:klp_direct_show", "/proc/klp_direct_3": "vmlinux:klp_direct_show,3"} {
		if got := funcOfFile(file); got != key {
			t.Errorf("%s is the file of %s, want %s", file, got, key)
		}
	}
}
