package plan_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/replace/plan"
)

func load(t *testing.T, file string) *plan.Plan {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// story writes a trace in one line a step: outcome and errno, what goes, what is active.
func story(tr plan.Trace) []string {
	var out []string
	for _, s := range tr.Steps {
		line := string(s.Decision.Outcome)
		if s.Decision.Errno != "" {
			line += " " + s.Decision.Errno
		}
		if len(s.Decision.Replaced) > 0 {
			line += " " + strings.Join(s.Decision.Replaced, "+")
		}
		line += ":"
		for _, a := range s.Active {
			line += " " + a.Name
			if len(a.Sets) > 0 {
				line += replace.FormatSets(a.Sets)
			}
		}
		out = append(out, line)
	}
	return out
}

// TestWorkedExample holds the example of the mailing list against what the
// mail says, where it says something (both readings of the list), and
// against what follows from the other models.
func TestWorkedExample(t *testing.T) {
	want := map[string][]string{
		replace.NameMainline: {
			"first: klp-1a",
			"stacks: klp-1a klp-1b",
			"stacks: klp-1a klp-1b klp-1c",
			"replaces klp-1a+klp-1b+klp-1c: klp-2a",
			"stacks: klp-2a klp-2b",
		},
		// Without a list, the cumulative patch cannot take over the hotfix's func.
		replace.NameReplaceSet: {
			"first: klp-1a{1}",
			"coexists: klp-1a{1} klp-1b{2}",
			"replaces klp-1b: klp-1a{1} klp-1c{2}",
			"refused EINVAL: klp-1a{1} klp-1c{2}",
			"replaces klp-1c: klp-1a{1} klp-2b{2}",
		},
		replace.NameSupersedes: {
			"first: klp-1a{1}",
			"coexists: klp-1a{1} klp-1b{2}",
			"replaces klp-1b: klp-1a{1} klp-1c{2}",
			"replaces klp-1a+klp-1c: klp-2a{1}",
			"coexists: klp-2a{1} klp-2b{2}",
		},
		replace.NameSetsPositional: {
			"first: klp-1a{1}",
			"coexists: klp-1a{1} klp-1b{2}",
			"replaces klp-1b: klp-1a{1} klp-1c{2}",
			"replaces klp-1a+klp-1c: klp-2a{1}",
			"coexists: klp-2a{1} klp-2b{2}",
		},
		replace.NameSetsFlat: {
			"first: klp-1a{1}",
			"coexists: klp-1a{1} klp-1b{2}",
			"replaces klp-1b: klp-1a{1} klp-1c{2}",
			"replaces klp-1a+klp-1c: klp-2a{1,2}",
			"replaces klp-2a: klp-2b{2}",
		},
	}
	p := load(t, "testdata/worked-example.yaml")
	models, err := p.Models()
	if err != nil || len(models) != 5 {
		t.Fatalf("modules with every field ask for %v (%v), want all models", models, err)
	}
	var traces []plan.Trace
	for _, m := range models {
		tr := p.Run(m, replace.Env{})
		if len(tr) != 1 || tr[0].NotJudged != "" {
			t.Fatalf("%s: %+v", m.Name(), tr)
		}
		if diff := cmp.Diff(want[m.Name()], story(tr[0])); diff != "" {
			t.Errorf("%s (-want +got):\n%s", m.Name(), diff)
		}
		for i, s := range tr[0].Steps {
			if m.Name() == replace.NameReplaceSet && i == 3 {
				if want := []string{"supersedes does not exist under replace-set and is left out"}; !cmp.Equal(want, s.Decision.Assumed) {
					t.Errorf("%s, step 4 assumes %v", m.Name(), s.Decision.Assumed)
				}
				continue
			}
			if len(s.Decision.Assumed)+len(s.Decision.Undecided) > 0 {
				t.Errorf("%s, step %d assumes %v, leaves undecided %v", m.Name(), i+1, s.Decision.Assumed, s.Decision.Undecided)
			}
		}
		traces = append(traces, tr...)
	}
	if diff := cmp.Diff([]bool{false, false, true, true, true}, plan.Differences(traces)); diff != "" {
		t.Errorf("differing steps (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]bool{false, false, false, false, true}, plan.Differences(traces[3:])); diff != "" {
		t.Errorf("steps on which the two readings differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"vmlinux:cmdline_proc_show", "vmlinux:version_proc_show"}, traces[4].Lost(4)); diff != "" {
		t.Errorf("funcs lost under flat (-want +got):\n%s", diff)
	}
}

func TestParseErrors(t *testing.T) {
	const ok = "modules:\n  - {name: a}\nsteps:\n  - load: a\n"
	tests := []struct {
		name, plan   string
		line, column int
		message      string
	}{
		{"empty", "", 0, 0, "the plan is empty"},
		{"comment only", "# nothing\n", 0, 0, "the plan is empty"},
		{"unknown key", "modules: []\nstep: []\n", 2, 1, `the plan has no key "step"`},
		{"repeated key", "modules: []\nmodules: []\n", 2, 1, "already defined"},
		{"second document", ok + "---\n" + ok, 5, 1, "a second document"},
		{"no steps", "modules: []\n", 1, 1, "the plan has no steps"},
		{"modules no list", "modules: {a: 1}\nsteps: []\n", 1, 10, "modules is a mapping, it must be a list"},
		{"no name", "modules:\n  - {replace: true}\nsteps: []\n", 2, 5, "a module needs a name"},
		{"label twice", "modules:\n  - name: a\n  - name: a\nsteps: []\n", 3, 5, `two modules are named "a"`},
		{"unknown module key", "modules:\n  - name: a\n    repalce: true\nsteps: []\n", 3, 5, `a module has no key "repalce"`},
		{"replace no bool", "modules:\n  - {name: a, replace: 1}\nsteps: []\n", 2, 24, "replace is a whole number, it must be true or false"},
		{"set a fraction", "modules:\n  - {name: a, replace_set: 1.5}\nsteps: []\n", 2, 28, "replace_set is a fraction, it must be a whole number"},
		{"set a string", "modules:\n  - {name: a, replace_set: '7'}\nsteps: []\n", 2, 28, "replace_set is a string, it must be a whole number"},
		{"set negative", "modules:\n  - {name: a, replace_set: -1}\nsteps: []\n", 2, 28, "replace_set is -1, it must not be negative"},
		{"set too large", "modules:\n  - {name: a, replace_set: 4294967296}\nsteps: []\n", 2, 28, "replace_set is 4294967296, the largest is 4294967295"},
		{"supersedes alone", "modules:\n  - {name: a, supersedes: [1]}\nsteps: []\n", 2, 15, "supersedes stands beside replace_set"},
		{"bad func", "modules:\n  - name: a\n    funcs: [vmlinux]\nsteps: []\n", 3, 13, `"vmlinux" is no func`},
		{"bad sympos", "modules:\n  - name: a\n    funcs: ['vmlinux:f,x']\nsteps: []\n", 3, 13, `"vmlinux:f,x" is no func`},
		{"two forms", "modules:\n  - {name: a, funcs: [], objects: []}\nsteps: []\n", 2, 26, "funcs and objects are two ways"},
		{"object without funcs", "modules:\n  - {name: a, objects: [{name: null}]}\nsteps: []\n", 2, 25, "an object needs funcs"},
		{"file and funcs", "modules:\n  - {name: a, file: a.ko, funcs: []}\nsteps: []\n", 2, 27, `"funcs" does not go with file`},
		{"target with states", "modules:\n  - {name: a, kind: target, states: []}\nsteps: []\n", 2, 29, `"states" is nothing that a target has`},
		{"errno", "modules:\n  - {name: a, pre_patch_errno: 19}\nsteps: []\n", 2, 32, `pre_patch_errno is "19"`},
		{"unknown label", "modules:\n  - {name: a}\nsteps:\n  - load: b\n", 4, 11, `no module is named "b"`},
		{"two ops", "modules:\n  - {name: a}\nsteps:\n  - {load: a, unload: a}\n", 4, 15, "a step does one thing"},
		{"no op", "modules:\n  - {name: a}\nsteps:\n  - {override: [1]}\n", 4, 5, "a step needs load, disable, unload, finish, set, hold, release or ftrace"},
		{"params elsewhere", "modules:\n  - {name: a}\n  - {name: t, kind: target}\nsteps:\n  - {unload: a, params: {x: 1}}\n", 5, 17, "params belong to a load"},
		{"stalls elsewhere", "modules:\n  - {name: a}\n  - {name: t, kind: target}\nsteps:\n  - {load: t, stalls: true}\n", 5, 15, "stalls belongs to the load or disable of a livepatch"},
		{"set without errno", "modules:\n  - {name: a}\n  - {name: t, kind: target}\nsteps:\n  - {set: a}\n", 5, 5, "set needs pre_patch_errno"},
		{"set of a target", "modules:\n  - {name: a}\n  - {name: t, kind: target}\nsteps:\n  - {set: t, pre_patch_errno: null}\n", 5, 5, "t is a target"},
		{"errno elsewhere", "modules:\n  - {name: a}\n  - {name: t, kind: target}\nsteps:\n  - {load: a, pre_patch_errno: EBUSY}\n", 5, 15, "pre_patch_errno belongs to set"},
		{"object elsewhere", "modules:\n  - {name: a}\n  - {name: t, kind: target}\nsteps:\n  - {load: a, object: vmlinux}\n", 5, 15, "object belongs to set"},
		{"func without object", "modules:\n  - {name: a}\n  - {name: t, kind: target}\nsteps:\n  - {hold: f}\n", 5, 12, "\"f\" is no func"},
		{"ftrace", "modules:\n  - {name: a}\n  - {name: t, kind: target}\nsteps:\n  - {ftrace: maybe}\n", 5, 14, "it must be on or off"},
		{"expectation", "modules:\n  - {name: a}\n  - {name: t, kind: target}\nsteps:\n  - {load: a, expect: fine}\n", 5, 23, "it must be ok, an outcome"},
		{"callback", "modules:\n  - {name: a}\n  - {name: t, kind: target}\nsteps:\n  - {load: a, callbacks: [pre_patch]}\n", 5, 27, "\"pre_patch\" is no callback"},
		{"override elsewhere", "modules:\n  - {name: a}\nsteps:\n  - {disable: a, override: [1]}\n", 4, 18, "override belongs to the load"},
		{"syntax", "modules: [\n", 1, 10, "not found"},
		{"alias", "modules: &m []\nsteps: *m\n", 1, 10, "anchors and aliases are not read"},
		{"tag", "modules: !!seq []\nsteps: []\n", 1, 10, "tags and directives are not read"},
		{"list in list", "modules:\n- - - a\nsteps: []\n", 2, 5, "lists directly in lists"},
		{"deep", "modules: " + strings.Repeat("[", 40) + "\n", 1, 26, "nested deeper than 16"},
		{"not UTF-8", "modules: \xff\n", 0, 0, "the file is not UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := plan.Parse([]byte(tt.plan))
			var e *plan.Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v of type %T, want *plan.Error", err, err)
			}
			if e.Line != tt.line || e.Column != tt.column || !strings.Contains(e.Message, tt.message) {
				t.Errorf("got %d:%d %q, want %d:%d with %q", e.Line, e.Column, e.Message, tt.line, tt.column, tt.message)
			}
			if e.Line > 0 && !strings.Contains(e.Error(), "^") {
				t.Errorf("no excerpt: %v", e)
			}
		})
	}
}

// TestWordWithColon: a plain word may have a colon wherever it stands, with no
// space behind it.
func TestWordWithColon(t *testing.T) {
	for _, module := range []string{
		"{name: a, funcs: [vmlinux:f, ext4:g.isra.0, x:1]}",
		"{name: a, funcs: [\n      vmlinux:f, # one\n      ext4:g.isra.0, 'x:1'\n    ]}",
		"{name: a, funcs: ['vmlinux:f', \"ext4:g.isra.0\", x:1]}",
		"name: a\n    funcs: [vmlinux:f, ext4:g.isra.0, x:1]",
		"name: a\n    funcs:\n    - vmlinux:f\n    - ext4:g.isra.0\n    - x:1",
	} {
		p, err := plan.Parse([]byte("modules:\n  - " + module + "\nsteps: [{load: a}]\n"))
		if err != nil {
			t.Errorf("%s: %v", module, err)
			continue
		}
		var got []string
		for _, o := range p.Modules[0].Klp.Patch.Objects {
			for _, f := range o.Funcs {
				got = append(got, o.Name+":"+f.Name)
			}
		}
		if diff := cmp.Diff([]string{"vmlinux:f", "ext4:g.isra.0", "x:1"}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", module, diff)
		}
	}
	p, err := plan.Parse([]byte("symbols: {vmlinux: [a:b]}\nmodules: [{name: a}]\nsteps: []\n"))
	if err != nil || p.Symbols["vmlinux"]["a:b"] != 1 {
		t.Errorf("a symbol: %v", err)
	}
	for _, entry := range []string{"vmlinux: f", "'vmlinux':f", "vmlinux:'f'", "vmlinux :f", "{vmlinux:f}", "vmlinux:[f]", "vmlinux:{f: g}"} {
		_, err := plan.Parse([]byte("modules:\n  - {name: a, funcs: [" + entry + "]}\nsteps: []\n"))
		var e *plan.Error
		if !errors.As(err, &e) || e.Line != 2 || e.Column < 23 {
			t.Errorf("%s: %v", entry, err)
		}
	}
	many := strings.Repeat("vmlinux:f, ", 5000)
	if _, err := plan.Parse([]byte("modules:\n  - {name: a, funcs: [" + many + "]}\nsteps: []\n")); err != nil {
		t.Errorf("many: %v", err)
	}
}

// TestLongForm reads everything that the long form can say.
func TestLongForm(t *testing.T) {
	p, err := plan.Parse([]byte(`
kernel: 6.12.111
symbols:
  vmlinux: [f, g, g]
modules:
  - name: label
    module: own
    license: Proprietary
    livepatch: false
    mod_null: true
    patch_null: true
    enable_twice: true
    pre_patch_errno: ENODEV
    replace_sets: null
    depends: [ext4, jbd2]
    states: [{id: 18446744073709551615, version: 4294967295}, {id: 1}, {id: 0}, {id: 9}]
    objects:
      - name: null
        callbacks: true
        funcs:
          - {name: f, sympos: 2}
          - {name: null}
          - g
      - {name: vmlinux, callbacks: [post_patch], funcs: [{name: h, new_null: true}]}
      - {name: ext4, funcs: null}
      - {name: null, funcs: null}
      - {name: behind the end, funcs: []}
  - {name: none, objects: null, states: null}
  - {name: t, kind: target, module: ext4, funcs: [a, a]}
steps:
  - {load: label, override: [0, 7]}
  - load: t
  - disable: label
  - unload: label
`))
	if err != nil {
		t.Fatal(err)
	}
	m := p.Modules[0].Klp
	all := []klp.Callback{{Kind: klp.PrePatch}, {Kind: klp.PostPatch}, {Kind: klp.PreUnpatch}, {Kind: klp.PostUnpatch}}
	want := klp.Patch{
		Found: true, ModNull: true, HasStates: true,
		States:          []klp.State{{ID: 1<<64 - 1, Version: 1<<32 - 1}, {ID: 1}},
		StatesBehindEnd: 1,
		Objects: []klp.Object{
			{Name: "vmlinux", Null: true, Callbacks: all, Funcs: []klp.Func{{Name: "f", Sympos: 2}, {NameNull: true}, {Name: "g"}}},
			{Name: "vmlinux", Literal: true, Callbacks: []klp.Callback{{Kind: klp.PostPatch}}, Funcs: []klp.Func{{Name: "h", New: klp.Code{Null: true}}}},
			{Name: "ext4", FuncsNull: true},
		},
	}
	if diff := cmp.Diff(want, m.Patch); diff != "" {
		t.Errorf("patch (-want +got):\n%s", diff)
	}
	if m.Name != "own" || p.Modules[0].Name != "own" || !m.Init.Repeats || m.Init.Enables[0].Arg != klp.ArgNull || m.Modinfo.Has("livepatch") {
		t.Errorf("module %+v", m)
	}
	if v, _ := m.Modinfo.Get("depends"); v != "ext4,jbd2" {
		t.Errorf("depends %q", v)
	}
	if f := p.Modules[0].Fields; len(f) != 1 || f[0].Kind != klp.KindSets || !f[0].SetsNull {
		t.Errorf("fields %+v", f)
	}
	if !p.Modules[1].Klp.Patch.ObjsNull || p.Modules[1].Klp.Patch.HasStates {
		t.Errorf("none: %+v", p.Modules[1].Klp.Patch)
	}
	if p.Modules[2].Name != "ext4" || p.Modules[2].Symbols.FindFunc("ext4", "a", 0).Status != klp.SymbolAmbiguous {
		t.Errorf("target %+v", p.Modules[2])
	}
	if diff := cmp.Diff([]uint32{0, 7}, p.Steps[0].Override); diff != "" {
		t.Error(diff)
	}
	if p.Kernel != "6.12.111" || p.Symbols["vmlinux"]["g"] != 2 {
		t.Errorf("kernel %q, symbols %v", p.Kernel, p.Symbols)
	}
}

// TestMixed: a flag beside a number is no kernel that exists.
func TestMixed(t *testing.T) {
	p, err := plan.Parse([]byte("modules:\n- {name: a, replace: true}\n- {name: b, replace_set: 1}\nsteps:\n- load: a\n- load: b\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Models()
	var mixed *replace.MixedError
	if !errors.As(err, &mixed) || mixed.A != "a" || mixed.B != "b" {
		t.Fatalf("got %v, want a *replace.MixedError of a and b", err)
	}
	for _, m := range replace.All() {
		tr := p.Run(m, replace.Env{})
		if tr[0].NotJudged == "" {
			t.Errorf("%s judged them: %v", m.Name(), story(tr[0]))
		}
	}
}

// TestUnknownReplace: both values are tried.
func TestUnknownReplace(t *testing.T) {
	k := func(name, f string, r klp.Replace) *klp.Module {
		return &klp.Module{
			Path: name + ".ko", Name: name, Kind: klp.KindLivepatch, Replace: r,
			Patch: klp.Patch{Found: true, Objects: []klp.Object{{Name: "vmlinux", Null: true, Funcs: []klp.Func{{Name: f}}}}},
		}
	}
	p, err := plan.FromModules([]*klp.Module{
		k("a", "f", klp.Replace{Kind: klp.KindFlag, Source: klp.FromData}),
		k("b", "g", klp.Replace{Kind: klp.KindFlag, Source: klp.FromRuntime, Reason: "parameter replace"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	tr := p.Run(replace.Mainline{}, replace.Env{})
	if len(tr) != 2 {
		t.Fatalf("%d traces, want 2", len(tr))
	}
	if diff := cmp.Diff([]string{"first: a", "stacks: a b"}, story(tr[0])); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"first: a", "replaces a: b"}, story(tr[1])); diff != "" {
		t.Error(diff)
	}
	if tr[0].Reading == "" || tr[0].Reading == tr[1].Reading {
		t.Errorf("readings %q and %q", tr[0].Reading, tr[1].Reading)
	}
}

// TestBounds: what is hostile by size is refused, and fast.
func TestBounds(t *testing.T) {
	var keys, modules strings.Builder
	for i := range 30_000 {
		keys.WriteString("k" + strings.Repeat("x", i%5) + string(rune('a'+i%26)) + ": 1\n")
	}
	modules.WriteString("steps: []\nmodules:\n")
	for i := range plan.MaxModules + 1 {
		modules.WriteString("- {name: a" + string(rune('a'+i%26)) + "}\n")
	}
	for name, s := range map[string]string{
		"size":    strings.Repeat("#", plan.MaxSize+1),
		"keys":    keys.String(),
		"modules": modules.String(),
		"words":   strings.Repeat("- a\n", 250_000),
		"quotes":  strings.Repeat("'\n", 300_000),
		"value":   "modules: " + strings.Repeat("a", 100_000),
		"colons":  strings.Repeat("a: b: ", 100_000),
		"dashes":  strings.Repeat("- ", 400_000),
		"pairs":   "modules: [" + strings.Repeat("a: ", 150_000) + "]\n",
		"in list": "modules: {a: [" + strings.Repeat("a:b ", 150_000) + "]}\n",
	} {
		began := time.Now()
		_, err := plan.Parse([]byte(s))
		t.Logf("%s: %d bytes in %v", name, len(s), time.Since(began))
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if len(err.Error()) > 1000 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}

// TestLargeTrace: what a trace shows after each step is bounded, so that many
// livepatches that stack cannot fill the memory.
func TestLargeTrace(t *testing.T) {
	p := &plan.Plan{}
	for i := range plan.MaxSteps {
		k := &klp.Module{Name: fmt.Sprint("m", i), Kind: klp.KindLivepatch}
		k.Patch.Found = true
		o := klp.Object{Name: "vmlinux", Null: true}
		for j := range 100 {
			o.Funcs = append(o.Funcs, klp.Func{Name: fmt.Sprint("f", i, "_", j)})
		}
		k.Patch.Objects = []klp.Object{o}
		m := &plan.Module{Label: k.Name, Name: k.Name, Kind: plan.KindLivepatch, Klp: k}
		p.Modules = append(p.Modules, m)
		p.Steps = append(p.Steps, plan.Step{Op: plan.Load, Module: m})
	}
	tr := p.Run(replace.Mainline{}, replace.Env{})
	if !strings.Contains(tr[0].NotJudged, "would show more than") || len(tr[0].Steps) > 0 {
		t.Errorf("%q, %d steps", tr[0].NotJudged, len(tr[0].Steps))
	}
	p.Steps = p.Steps[:50]
	if tr := p.Run(replace.Mainline{}, replace.Env{}); len(tr[0].Steps) != 50 {
		t.Errorf("%d steps: %s", len(tr[0].Steps), tr[0].NotJudged)
	}
}

func FuzzPlan(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.yaml")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("modules:\n- {name: a, objects: [{name: null, funcs: [{name: null, sympos: 1}]}], states: [{id: 1}]}\n- {name: t, kind: target}\nsteps: [{load: a, override: [1]}, {load: t}, {disable: a}, {unload: a}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := plan.Parse(data)
		if err != nil {
			if len(err.Error()) > 20_000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		if len(p.Steps) > 50 {
			return
		}
		var traces []plan.Trace
		for _, m := range replace.All() {
			for _, tr := range p.Run(m, replace.Env{}) {
				if tr.NotJudged == "" && len(tr.Steps)+tr.Unreached != len(p.Steps) {
					t.Errorf("%s: %d steps and %d unreached of %d", m.Name(), len(tr.Steps), tr.Unreached, len(p.Steps))
				}
				traces = append(traces, tr)
			}
		}
		plan.Differences(traces)
	})
}
