package moduleset

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/klp"
)

// module makes a livepatch that patches funcs of vmlinux.
func module(name string, replace klp.Replace, funcs ...string) *klp.Module {
	o := klp.Object{Name: "vmlinux", Null: true}
	for i, f := range funcs {
		o.Funcs = append(o.Funcs, klp.Func{Name: f, At: klp.Location{Section: ".data", Offset: uint64(152 * i), Symbol: "funcs", File: int64(4096 + 152*i)}})
	}
	return &klp.Module{
		Path: name + ".ko", Name: name, Kind: klp.KindLivepatch, Replace: replace,
		Vermagic: klp.Vermagic{Release: "6.12.0"}, Patch: klp.Patch{Found: true, Objects: []klp.Object{o}},
	}
}

func flag(v bool) klp.Replace {
	return klp.Replace{Kind: klp.KindFlag, Flag: v, Source: klp.FromData, FieldSource: klp.FieldAssumed}
}

func number(n uint32, supersedes ...uint32) klp.Replace {
	return klp.Replace{Kind: klp.KindSet, Set: n, Supersedes: supersedes, Source: klp.FromData, FieldSource: klp.FieldDWARF}
}

func list(n ...uint32) klp.Replace {
	return klp.Replace{Kind: klp.KindSets, Sets: n, Source: klp.FromData, FieldSource: klp.FieldDWARF}
}

// A member gives back what it was made of, and shares no memory with it.
func TestMemberKeepsWhatItNeeds(t *testing.T) {
	m := module("fix", number(3, 1), "foo")
	m.Patch.Objects[0].Funcs[0].At = klp.Location{Section: ".data", Offset: 1 << 40, Symbol: "funcs"} // no bytes in the file
	m.Patch.Objects = append(m.Patch.Objects,
		klp.Object{Name: "ext4", Funcs: []klp.Func{
			{Name: "", Sympos: 1},
			{Name: "bar", Sympos: 2, At: klp.Location{Section: ".kpatch.funcs", Offset: 96, File: 700}},
		}},
		klp.Object{Name: "vmlinux", Literal: true, Funcs: []klp.Func{{Name: "baz", At: klp.Location{Section: ".data", Offset: 8, File: 16}}}},
		klp.Object{Name: "xfs", Callbacks: []klp.Callback{{Kind: klp.PrePatch}}})
	m.Patch.States = []klp.State{{ID: 7, Version: 1, At: klp.Location{Section: ".data", Offset: 4}}, {ID: 0, Version: 5}, {ID: 8, Version: 1}}
	m.ShadowIDs = []klp.ShadowID{{ID: 9, By: "klp_shadow_alloc"}}
	got := NewMember(m, false)
	var funcs []string
	for i := range got.Funcs {
		f := &got.Funcs[i]
		funcs = append(funcs, f.Title())
		for j := range m.Patch.Objects {
			for _, want := range m.Patch.Objects[j].Funcs {
				if want.Name == f.Name && (want.At != f.At() || want.Sympos != f.Sympos) {
					t.Errorf("%s at %+v, want %+v", f.Name, f.At(), want.At)
				}
			}
		}
	}
	if list := strings.Join(funcs, " "); list != `vmlinux:foo ext4:bar,2 "vmlinux":baz` {
		t.Errorf("funcs %s", list)
	}
	if o := got.Objects[3]; !o.Callbacks || o.Funcs != 0 || got.Objects[1].Funcs != 1 {
		t.Errorf("objects %+v", got.Objects)
	}
	if len(got.States) != 1 || got.States[0] != m.Patch.States[0] {
		t.Errorf("states %+v: the kernel walks to the first id 0", got.States)
	}
	m.Replace.Supersedes[0] = 99
	if got.Replace.Supersedes[0] != 1 {
		t.Error("the member shares memory with the module")
	}
}

// manyMembers makes n modules of 20 funcs, 4 of which each shares with a
// neighbour, and one func that all patch.
func manyMembers(n int) []*Member {
	members := make([]*Member, n)
	funcs := make([]string, 20)
	for i := range members {
		for j := range funcs {
			funcs[j] = fmt.Sprintf("some_function_name_%d", 16*i+j)
		}
		funcs[19] = "__do_sys_newuname"
		members[i] = NewMember(module(fmt.Sprintf("livepatch_%d_cve", i), flag(false), funcs...), true)
	}
	return members
}

// The index of a baseline of 10,000 modules with 200,000 funcs.
func BenchmarkNew(b *testing.B) {
	members := manyMembers(10_000)
	b.ReportAllocs()
	for b.Loop() {
		New(members, Options{})
	}
}

func TestPatching(t *testing.T) {
	s := New(manyMembers(100), Options{})
	s.index()
	if !slices.IsSortedFunc(s.funcs, s.compareFuncs) {
		t.Error("the index is not sorted")
	}
	all := s.Patching(FuncKey{Object: "vmlinux", Name: "__do_sys_newuname", Position: 1})
	if len(all) != 100 || !slices.IsSortedFunc(all, compareRows) {
		t.Errorf("%d members patch the func", len(all))
	}
	for key, want := range map[FuncKey]int{
		{Object: "vmlinux", Name: "some_function_name_17", Position: 1}:            2,
		{Object: "vmlinux", Name: "some_function_name_5", Position: 1}:             1,
		{Object: "vmlinux", Name: "some_function_name_5", Position: 2}:             0,
		{Object: "vmlinux", Literal: true, Name: "__do_sys_newuname", Position: 1}: 0,
	} {
		if got := s.Patching(key); len(got) != want {
			t.Errorf("%+v: %d rows, want %d", key, len(got), want)
		}
	}
}

// Members that a Maker makes of the parts of modules are those of the modules.
func TestMaker(t *testing.T) {
	var k Maker
	for _, name := range []string{"a", "b"} {
		m := module(name, number(3, 1, 2), "f", "g")
		k.Begin(Member{Path: m.Path, Name: m.Name, SHA256: m.SHA256, Size: m.Size, Release: m.Vermagic.Release, Toolchain: m.Toolchain, Replace: &m.Replace}, len(m.Patch.Objects))
		for i := range m.Patch.Objects {
			o := &m.Patch.Objects[i]
			o.Funcs[1].Aliases = []string{"e,2"}
			k.Object(Object{Name: o.Name, Literal: o.Literal, At: o.At})
			for j := range o.Funcs {
				k.Func(o.Funcs[j].Name, o.Funcs[j].Sympos, o.Funcs[j].At)
			}
			if !k.Aliases(uint64(i), 1, o.Funcs[1].Aliases) || k.Aliases(uint64(i), uint64(len(o.Funcs)), nil) {
				t.Error("which funcs there are is not known")
			}
		}
		if want, got := NewMember(m, true), k.End(); !reflect.DeepEqual(want, got) {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
	}
}
