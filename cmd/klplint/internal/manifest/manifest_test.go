package manifest

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/klp"
)

func TestLines(t *testing.T) {
	m, err := Parse([]byte(`# what is meant
vmlinux cmdline_proc_show
  ext4	ext4_iget,2   # the second
vmlinux a klpp_a #if IS_ENABLED(CONFIG_X)
xfs:xfs_growfs_data,3
vmlinux:c klpp_c # as klplint prints it

[other]
vmlinux b
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Func{
		{Object: "vmlinux", Name: "cmdline_proc_show"},
		{Object: "ext4", Name: "ext4_iget", Sympos: 2},
		{Object: "vmlinux", Name: "a", New: "klpp_a", Conditional: true},
		{Object: "xfs", Name: "xfs_growfs_data", Sympos: 3},
		{Object: "vmlinux", Name: "c", New: "klpp_c"},
	}
	if got := m.For("anything").Funcs; !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	if got := m.For("other").Funcs; len(got) != 1 || got[0].Name != "b" {
		t.Errorf("%+v", got)
	}
	if m.For("other").HasStates || m.For("other").Replace != nil {
		t.Error("lines say nothing of states and replace")
	}
}

func TestJSON(t *testing.T) {
	m, err := Parse([]byte(`{"schema": 1, "modules": [{"name": "a", "replace": {"kind": "sets", "sets": [1, 7]},
		"states": [], "funcs": [{"object": "vmlinux", "name": "f", "sympos": 3}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	a := m.For("a")
	if a == nil || !a.HasStates || a.Replace.Kind != "sets" || !slices.Equal(a.Replace.Sets, []uint32{1, 7}) || a.Funcs[0].Sympos != 3 {
		t.Errorf("%+v", a)
	}
	if m.For("b") != nil {
		t.Error("b is not in it")
	}
}

func TestMistakes(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"empty", "# nothing\n", "is empty"},
		{"one word", "vmlinux f\nvmlinux\n", "line 2: 1 words"},
		{"no object", ":f\n", "2 words"},
		{"no func", "vmlinux: f g\n", "4 words"},
		{"four words", "vmlinux f g h\n", "4 words"},
		{"sympos", "vmlinux f,x\n", "is not a number"},
		{"negative sympos", "vmlinux f,-1\n", "is not a number"},
		{"twice", "vmlinux f\nvmlinux f,1\n", "line 2: duplicate func f of vmlinux"},
		{"module twice", "[a]\n[a]\n", "line 2: duplicate module a"},
		{"nameless module", "[]\n", "empty"},
		{"JSON", "{\"schema\": 1,\n \"modules\": [\n}", "line 3: "},
		{"JSON key", `{"schema": 1, "module": []}`, "unknown field"},
		{"JSON type", "{\"schema\": 1,\n\"modules\": [{\"name\": 7}]}", "line 2: "},
		{"schema", `{"schema": 2, "modules": []}`, "schema 2"},
		{"trailing", `{"schema": 1, "modules": []} {}`, "trailing data"},
		{"kind", `{"schema": 1, "modules": [{"name": "a", "replace": {"kind": "yes"}, "funcs": []}]}`, "replace kind"},
		{"state twice", `{"schema": 1, "modules": [{"name": "a", "states": [{"id": 1}, {"id": 1}], "funcs": []}]}`, "duplicate state 1"},
		{"long", "vmlinux " + strings.Repeat("x", 5000) + "\n", "more than 4096 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.in))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestAdd(t *testing.T) {
	parse := func(s string) *Manifest {
		m, err := Parse([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := parse("[a]\nvmlinux f\n")
	if err := m.Add(parse("[b]\nvmlinux f\n")); err != nil || m.For("b") == nil {
		t.Error(err)
	}
	if err := m.Add(parse("[a]\nvmlinux f\n")); err == nil {
		t.Error("module a is in two manifests")
	}
}

// What is written is read again, and says the same.
func TestWriterRoundTrip(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	var modules []*klp.Module
	for _, name := range []string{"static/states.ko", "static/sympos.ko", "kpatch/many.ko", "sets/sets-1-2.ko", "static/replace-param.ko"} {
		m, err := elfread.Open("../../../../fixtures/"+name, elfread.Options{})
		if err != nil {
			t.Fatal(err)
		}
		modules = append(modules, m)
		if err := w.Module(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	read, err := Parse(b.Bytes())
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	for _, m := range modules {
		got := read.For(m.Name)
		if got == nil {
			t.Errorf("%s is missing", m.Name)
			continue
		}
		n := 0
		for i := range m.Patch.Objects {
			n += len(m.Patch.Objects[i].Funcs)
		}
		if len(got.Funcs) != n || len(got.States) != len(m.Patch.States) || !got.HasStates || !reflect.DeepEqual(got.Replace.field(), ReplaceOf(&m.Replace).field()) {
			t.Errorf("%s: %+v", m.Name, got)
		}
	}
}

func FuzzManifest(f *testing.F) {
	for _, s := range []string{
		"vmlinux f\next4 g,2 klpp_g #if X\n", "[a]\nvmlinux f\n", "{", `{"schema": 1, "modules": [{"name": "a", "funcs": []}]}`, "\x00 \xff\n", "[a",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data)
		if err != nil {
			return
		}
		for _, name := range m.names() {
			for _, fn := range m.For(name).Funcs {
				if fn.Object == "" || fn.Name == "" {
					t.Fatalf("func %+v", fn)
				}
			}
		}
	})
}
