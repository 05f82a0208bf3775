package kernel

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestInlinedInto: which functions hold copies of others, by what two compilers
// write, from the file and from the cache.
func TestInlinedInto(t *testing.T) {
	for _, name := range []string{"vmlinux-gcc", "vmlinux-clang"} {
		cache := t.TempDir()
		path := filepath.Join(t.TempDir(), name)
		data, err := os.ReadFile(filepath.Join("testdata/inlined", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, from := range []string{"file", "cache"} {
			ks, err := Options{CacheDir: cache}.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if from == "cache" { // the debug information itself is not asked again
				cut := bytes.Clone(data)
				copy(cut[bytes.Index(cut, []byte("seq_puts")):], "SEQ_PUTS")
				if err := os.WriteFile(path, cut, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for function, want := range map[string][]Inlined{
				"seq_list_start":      {{"seq_file_init", "seq_file.c"}, {"seq_list_start_head", "seq_file.c"}},
				"local":               {{"cmdline_proc_show", "cmdline.c"}, {"seq_local", "seq_file.c"}, {"seq_puts", "seq_file.c"}},
				"always":              nil, // no function of its own
				"seq_list_start_head": nil,
				"missing":             nil,
			} {
				got, err := ks[0].InlinedInto(function)
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%s from the %s: %s: %v, %v", name, from, function, got, err)
				}
			}
		}
	}
}

// TestInlinedIsNotKnown: a kernel without debug information says so, and one
// whose debug information is damaged does not pass as one without copies.
func TestInlinedIsNotKnown(t *testing.T) {
	ks, err := Options{}.Load("testdata/synthetic")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ks[0].InlinedInto("seq_list_start"); !errors.Is(err, ErrNoDebugInfo) {
		t.Errorf("no vmlinux with DWARF: %v", err)
	}
	data, err := os.ReadFile("testdata/inlined/vmlinux-gcc")
	if err != nil {
		t.Fatal(err)
	}
	ks, err = Options{}.Load("testdata/inlined/vmlinux-gcc")
	if err != nil {
		t.Fatal(err)
	}
	copies := ks[0].copies
	for what, cut := range map[string]func([]byte) []byte{
		"file cut short": func(b []byte) []byte { return b[:600] },
		"gone":           nil,
	} {
		path := filepath.Join(t.TempDir(), "vmlinux")
		if cut != nil {
			if err := os.WriteFile(path, cut(bytes.Clone(data)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		k := &Kernel{copies: &inlinedCopies{path: path, symbols: copies.symbols}}
		if _, err := k.InlinedInto("seq_list_start"); err == nil || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
