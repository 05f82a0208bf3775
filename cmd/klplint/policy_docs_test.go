package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/cmd/klplint/internal/config"
	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
	"github.com/klplint/klplint/cmd/klplint/internal/siterule"
)

const (
	keysBegin = "<!-- begin keys -->\n"
	keysEnd   = "<!-- end keys -->\n"
)

// TestReadmePolicy keeps docs/policy.md true: its table is that of the keys, and
// its examples are configurations that klplint takes. UPDATE_README writes the
// table anew.
func TestReadmePolicy(t *testing.T) {
	const path = "../../docs/policy.md"
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(content), keysBegin)
	_, after, ok := strings.Cut(rest, keysEnd)
	if !ok {
		t.Fatalf("%s has no table of keys", path)
	}
	fresh := before + keysBegin + keysTable() + keysEnd + after
	if os.Getenv("UPDATE_README") != "" {
		if err := os.WriteFile(path, []byte(fresh), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(string(content), fresh); diff != "" {
		t.Errorf("%s is not fresh, run `make readme`:\n%s", path, diff)
	}
	examples := 0
	for i, block := range strings.Split(string(content), "```") {
		yaml, ok := strings.CutPrefix(block, "yaml\n")
		if i%2 == 0 || !ok {
			continue
		}
		examples++
		f, err := config.Parse("example", []byte(yaml))
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := siterule.Compile(f.Custom); err != nil {
			t.Error(err)
		}
		if err := f.Check(settings.BuiltinRules()); err != nil {
			t.Error(err)
		}
	}
	if examples < 3 {
		t.Errorf("%d examples", examples)
	}
	for _, p := range settings.Profiles() {
		if !strings.Contains(string(content), "\n| `"+p.Name+"` |") {
			t.Errorf("profile %s is not described", p.Name)
		}
	}
}

func keysTable() string {
	var b strings.Builder
	b.WriteString("| key | flag | variable | meaning |\n|---|---|---|---|\n")
	for _, k := range config.Keys() {
		meaning := k.Doc
		if k.Values != nil {
			meaning += " One of: " + strings.Join(k.Values, ", ") + "."
		}
		b.WriteString("| `" + k.Name + "` | `--" + k.Flag + "` | `" + k.Env() + "` | " + strings.ReplaceAll(meaning, "|", `\|`) + " |\n")
	}
	return b.String()
}

// Every flag that a key of the configuration stands for exists; registry is
// the gate's.
func TestKeysAreFlags(t *testing.T) {
	root := newRootCommand(newApp(nil, nil, nil))
	for _, k := range config.Keys() {
		if k.Name != "registry" && root.Flags().Lookup(k.Flag) == nil {
			t.Errorf("key %s: there is no flag --%s", k.Name, k.Flag)
		}
	}
}

// Every key has a run of its own in a script, and is listed by config show.
func TestKeysAreTried(t *testing.T) {
	script, err := os.ReadFile("testdata/script/config_keys.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	t.Chdir(t.TempDir())
	if code := run(t.Context(), newApp(strings.NewReader(""), &stdout, io.Discard), []string{"config", "show"}); code != exitcode.OK {
		t.Fatalf("config show: exit code %d", code)
	}
	for _, k := range config.Keys() {
		if !bytes.Contains(script, []byte("--config conf/"+k.Name+".yaml ")) || !bytes.Contains(script, []byte("\n"+k.Name+": ")) && !bytes.Contains(script, []byte("\n"+k.Name+":\n")) {
			t.Errorf("no run of the script has key %s", k.Name)
		}
		if !strings.Contains("\n"+stdout.String(), "\n"+k.Name+": ") {
			t.Errorf("config show does not list %s", k.Name)
		}
	}
}

// The profiles name rules that exist.
func TestProfilesNameRules(t *testing.T) {
	for _, p := range settings.Profiles() {
		for _, id := range p.Enable {
			if settings.FindRule(settings.BuiltinRules(), id) == nil {
				t.Errorf("profile %s: no rule %s", p.Name, id)
			}
		}
		for id := range p.Severity {
			if settings.FindRule(settings.BuiltinRules(), id) == nil {
				t.Errorf("profile %s: no rule %s", p.Name, id)
			}
		}
	}
}
