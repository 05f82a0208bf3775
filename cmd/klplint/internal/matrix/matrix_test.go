package matrix

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/klp"
)

func build(name, release string, arch klp.Arch, funcs ...string) *klp.Module {
	o := klp.Object{Name: klp.VmlinuxObjectName, Null: true}
	for _, f := range funcs {
		o.Funcs = append(o.Funcs, klp.Func{Name: f})
	}
	return &klp.Module{
		Path: name + ".ko", Name: name, Kind: klp.KindLivepatch, Arch: arch, Vermagic: klp.Vermagic{Release: release},
		Replace: klp.Replace{Kind: klp.KindFlag, Flag: true, Source: klp.FromData},
		Patch:   klp.Patch{Found: true, Objects: []klp.Object{o}},
	}
}

func differences(m *Matrix) []string {
	var out []string
	for _, r := range m.Rows {
		for _, d := range r.Differences {
			out = append(out, fmt.Sprintf("%s: %v %s %s: %s", r.Patch, d.Severity, d.Kind, d.Subject, d.Message))
		}
	}
	return out
}

func TestDifferences(t *testing.T) {
	second := build("livepatch_6_1_0_2", "6.1.0", klp.X86_64, "foo.isra.0", "bar")
	second.Patch.States = []klp.State{{ID: 7, Version: 2}}
	second.Replace.Flag = false
	third := build("livepatch_6_12_0_2", "6.12.0", klp.ARM64, "foo", "bar", "bar")
	third.Patch.States = []klp.State{{ID: 7, Version: 3}, {ID: 7, Version: 9}}
	m := New([]*klp.Module{third, build("livepatch_6_12_0_2", "6.12.0", klp.X86_64, "foo"), second}, nil)
	want := []string{
		"livepatch: error func vmlinux:bar: patched once on 6.1.0 x86_64; patched 2 times on 6.12.0 arm64; not patched on 6.12.0 x86_64",
		"livepatch: info name vmlinux:foo: foo.isra.0 on 6.1.0 x86_64; foo on 6.12.0 arm64, 6.12.0 x86_64",
		"livepatch: error state state 7: version 2 on 6.1.0 x86_64; version 3 on 6.12.0 arm64; absent on 6.12.0 x86_64",
		"livepatch: error replace replace: no replace on 6.1.0 x86_64; replace on 6.12.0 arm64, 6.12.0 x86_64",
	}
	if diff := cmp.Diff(want, differences(m)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if l := m.Rows[0].Funcs[1]; l.Name != "foo" || !l.Renamed(0) || l.Renamed(1) {
		t.Errorf("%+v: renamed on the first kernel only", l)
	}
}

func TestPositionsAreNoDifference(t *testing.T) {
	a, b := build("p", "6.1.0", klp.X86_64, "foo"), build("p", "6.12.0", klp.X86_64, "foo")
	b.Patch.Objects[0].Funcs[0].Sympos = 3
	m := New([]*klp.Module{a, b}, nil)
	if got := differences(m); got != nil {
		t.Errorf("%q", got)
	}
	if diff := cmp.Diff([][]string{{"foo"}, {"foo,3"}}, m.Rows[0].Funcs[0].Cells); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestGroups(t *testing.T) {
	modules := []*klp.Module{
		build("livepatch_6_1_0_1", "6.1.0", klp.X86_64), build("livepatch_6_12_0_1", "6.12.0", klp.X86_64),
		build("livepatch_6_1_0_2", "6.1.0", klp.X86_64), build("cve_2026_1234_6_1_0", "6.1.0", klp.X86_64),
	}
	re, err := ByPattern(`^(\w)`)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		by   Grouper
		want []string
	}{
		{"two generations are two rows", nil, []string{"cve_2026_1234", "livepatch_1", "livepatch_2"}},
		{"stem", ByStem, []string{"cve_2026_1234", "livepatch"}},
		{"name", ByName, []string{"cve_2026_1234_6_1_0", "livepatch_6_1_0_1", "livepatch_6_1_0_2", "livepatch_6_12_0_1"}},
		{"pattern", re, []string{"c", "l"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, r := range New(modules, tt.by).Rows {
				got = append(got, r.Patch)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	m := New(modules, ByStem)
	cell := m.Rows[1].Cells[0]
	if cell.Module.Name != "livepatch_6_1_0_2" || len(cell.Others) != 1 {
		t.Errorf("the newest build of a kernel is shown, the others are counted: %+v", cell)
	}
	if _, err := ByPattern("("); err == nil {
		t.Error("a broken pattern is accepted")
	}
}

// Two names of one function are one func on the kernels where they are, whatever
// is known of the others; the names are shown.
func TestAliases(t *testing.T) {
	entry, body := build("p", "6.1.0", klp.X86_64, "entry"), build("p", "6.12.0", klp.X86_64, "body")
	entry.Patch.Objects[0].Funcs[0].Aliases = []string{"body"}
	body.Patch.Objects[0].Funcs[0].Aliases = []string{"entry"}
	m := New([]*klp.Module{entry, body}, nil)
	want := []string{"p: info name vmlinux:body: entry on 6.1.0 x86_64; body on 6.12.0 x86_64"}
	if diff := cmp.Diff(want, differences(m)); diff != "" {
		t.Errorf("one function on both (-want +got):\n%s", diff)
	}
	if l := m.Rows[0].Funcs; len(l) != 1 || l[0].Name != "body" {
		t.Errorf("lines %+v", l)
	}

	// A build that names both where they are two functions is no less complete.
	both := build("p", "6.12.0", klp.X86_64, "entry", "body")
	m = New([]*klp.Module{entry, both}, nil)
	want = []string{"p: info name vmlinux:body: entry on 6.1.0 x86_64; body on 6.12.0 x86_64"}
	if diff := cmp.Diff(want, differences(m)); diff != "" {
		t.Errorf("two functions on the second (-want +got):\n%s", diff)
	}

	// Where nothing is known of the second kernel, names are compared.
	body.Patch.Objects[0].Funcs[0].Aliases = nil
	m = New([]*klp.Module{entry, body}, nil)
	want = []string{
		"p: info name vmlinux:body: entry on 6.1.0 x86_64; body on 6.12.0 x86_64",
		"p: error func vmlinux:entry: patched on 6.1.0 x86_64; not patched on 6.12.0 x86_64",
	}
	if diff := cmp.Diff(want, differences(m)); diff != "" {
		t.Errorf("the second unknown (-want +got):\n%s", diff)
	}
}
