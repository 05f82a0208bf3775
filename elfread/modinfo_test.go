package elfread

import (
	"reflect"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
	"github.com/klplint/klplint/klp"
)

// TestModinfoEntries: .modinfo is split at NULs, its entries at their first '=';
// what stands twice stands twice, and offsets lead to the entry.
func TestModinfoEntries(t *testing.T) {
	for _, tc := range []struct {
		section string
		want    []klp.ModinfoEntry
	}{
		{"", []klp.ModinfoEntry{}},
		{"a=b\x00", []klp.ModinfoEntry{{Key: "a", Value: "b"}}},
		{"a=b", []klp.ModinfoEntry{{Key: "a", Value: "b"}}},
		{"a=b=c\x00d==\x00", []klp.ModinfoEntry{{Key: "a", Value: "b=c"}, {Key: "d", Value: "=", Offset: 6}}},
		{"\x00\x00a=\x00\x00\x00=b\x00", []klp.ModinfoEntry{{Key: "a", Offset: 2}, {Value: "b", Offset: 7}}},
		{"alone\x00a=1\x00a=2\x00", []klp.ModinfoEntry{{Key: "alone", Bare: true}, {Key: "a", Value: "1", Offset: 6}, {Key: "a", Value: "2", Offset: 10}}},
	} {
		f := x86().build()
		f.Section(".modinfo").Data = []byte("livepatch=Y\x00" + tc.section)
		m := must(t, f, Options{})
		if !m.Modinfo.Present || len(m.Modinfo.Entries) == 0 {
			t.Fatalf("%q: %+v", tc.section, m.Modinfo)
		}
		got := append([]klp.ModinfoEntry{}, m.Modinfo.Entries[1:]...)
		for i := range got {
			got[i].Offset -= 12
		}
		if !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%q: %+v, want %+v", tc.section, got, tc.want)
		}
	}
	f := x86().build()
	f.Remove(".modinfo")
	f.AddSym(elfmut.Sym{Name: "klp_enable_patch", Bind: 1}) // which makes a livepatch of it
	if m := must(t, f, Options{}); m.Modinfo.Present || m.Vermagic.Raw != "" || !m.IsLivepatch() {
		t.Errorf("no section: %+v, %s", m.Modinfo, m.Kind)
	}
}

// TestVermagic: the release ends at the first space, as same_magic() has it; the
// flags are words.
func TestVermagic(t *testing.T) {
	for raw, want := range map[string]klp.Vermagic{
		"6.12.1 SMP preempt mod_unload modversions ": {Release: "6.12.1", Flags: []string{"SMP", "preempt", "mod_unload", "modversions"}},
		"6.12.1":          {Release: "6.12.1"},
		"6.12.1 ":         {Release: "6.12.1"},
		" SMP":            {Flags: []string{"SMP"}},
		"6.12.1  SMP  x ": {Release: "6.12.1", Flags: []string{"SMP", "x"}},
	} {
		want.Raw = raw
		f := x86().build()
		f.SetModinfo("vermagic", raw)
		if got := must(t, f, Options{}).Vermagic; !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", raw, got, want)
		}
	}
}
