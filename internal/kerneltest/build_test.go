package kerneltest

import (
	"bytes"
	"os"
	"testing"

	"github.com/klplint/klplint/elfread"
)

// TestRename: a module that was built under another name is read as its own.
func TestRename(t *testing.T) {
	const path, was, want = "../../fixtures/static/one-func.ko", "static_one_func", "static_any_func"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := rename(data, was, want); err != nil {
		t.Fatal(err)
	}
	m, err := elfread.Read(bytes.NewReader(data), int64(len(data)), path, elfread.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != want {
		t.Errorf("the module is named %q, want %q", m.Name, want)
	}
	if err := rename(data, was, want); err == nil {
		t.Error("a module of another name was renamed")
	}
}

// TestFreeName: modules of one name are built side by side as long as names of
// that length last.
func TestFreeName(t *testing.T) {
	round := map[string]string{}
	for range 600 {
		name := freeName("klp", round)
		if _, taken := round[name]; taken || len(name) != 3 {
			t.Fatalf("name %q", name)
		}
		round[name] = ""
	}
	if _, ok := round["klp"]; !ok {
		t.Error("the name itself was not used")
	}
	short := map[string]string{}
	for range 26 {
		short[freeName("a", short)] = ""
	}
	if name := freeName("a", short); name != "" {
		t.Errorf("a twenty-seventh name of one letter: %q", name)
	}
}
