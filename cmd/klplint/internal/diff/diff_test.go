package diff

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

func module(name string, replace bool, objects []klp.Object, states ...klp.State) *klp.Module {
	return &klp.Module{
		Path: name + ".ko", Name: name, Kind: klp.KindLivepatch, Arch: klp.X86_64, Toolchain: klp.Static,
		Modinfo:  klp.Modinfo{Present: true, Entries: []klp.ModinfoEntry{{Key: "livepatch", Value: "Y"}, {Key: "license", Value: "GPL"}}},
		Vermagic: klp.Vermagic{Release: "6.12.111"},
		Replace:  klp.Replace{Kind: klp.KindFlag, Flag: replace, Source: klp.FromData},
		Patch:    klp.Patch{Found: true, Objects: objects, HasStates: len(states) > 0, States: states},
	}
}

func object(name string, funcs ...klp.Func) klp.Object {
	return klp.Object{Name: name, Null: name == klp.VmlinuxObjectName, Funcs: funcs}
}

func fn(name string, sympos, size uint64) klp.Func {
	return klp.Func{Name: name, Sympos: sympos, New: klp.Code{Symbol: "new_" + name, Size: size}}
}

func TestItems(t *testing.T) {
	old := module("fix_1", true, []klp.Object{
		object("ext4", fn("gone", 0, 16)),
		object("vmlinux", fn("kept", 0, 32), fn("grown", 0, 32), fn("spelt", 1, 0), fn("twice", 2, 8), fn("dropped", 0, 64)),
	}, klp.State{ID: 7, Version: 2}, klp.State{ID: 8, Version: 1}, klp.State{ID: 9, Version: 1})
	old.Patch.Objects[1].Callbacks = []klp.Callback{{Kind: klp.PrePatch}, {Kind: klp.PostPatch}}
	old.KlpSyms = []klp.KlpSym{{Object: "vmlinux", Name: "a"}, {Object: "vmlinux", Name: "b", Sympos: 2}, {Malformed: "x"}}
	now := module("fix_2", false, []klp.Object{
		object("vmlinux", fn("added", 0, 1), fn("kept", 0, 32), fn("grown", 0, 48), fn("spelt", 0, 0), fn("twice", 2, 8)),
		object("xfs", fn("added", 0, 16)),
	}, klp.State{ID: 7, Version: 1}, klp.State{ID: 8, Version: 3}, klp.State{ID: 10, Version: 1})
	now.Patch.Objects[0].Callbacks = []klp.Callback{{Kind: klp.PrePatch}, {Kind: klp.PreUnpatch}}
	now.KlpSyms = []klp.KlpSym{{Object: "vmlinux", Name: "a"}, {Object: "xfs", Name: "c"}}
	now.Toolchain, now.Vermagic.Release = klp.KpatchBuild, "6.12.117"

	want := []Item{
		{finding.Info, "func", "anew", "vmlinux:added", "1 byte"},
		{finding.Error, "func", "no longer", "vmlinux:dropped", "64 bytes"},
		{finding.Info, "func", "again", "vmlinux:grown", "32 -> 48 bytes"},
		{finding.Info, "func", "again", "vmlinux:kept", "same size, 32 bytes"},
		{finding.Warning, "func", "again", "vmlinux:spelt", "size unknown, sympos 1 -> 0"},
		{finding.Info, "func", "again", "vmlinux:twice,2", "same size, 8 bytes"},
		{finding.Error, "func", "no longer", "ext4:gone", "16 bytes"},
		{finding.Info, "func", "anew", "xfs:added", "16 bytes"},
		{finding.Info, "callback", "gained", "vmlinux", "pre_unpatch"},
		{finding.Warning, "callback", "lost", "vmlinux", "post_patch"},
		{finding.Error, "object", "lost", "ext4", "1 func"},
		{finding.Info, "object", "gained", "xfs", "1 func"},
		{finding.Error, "state", "changed", "7", "version 2 -> 1"},
		{finding.Info, "state", "changed", "8", "version 1 -> 3"},
		{finding.Error, "state", "lost", "9", "version 1"},
		{finding.Info, "state", "gained", "10", "version 1"},
		{finding.Warning, "replace", "changed", "", "replace -> no replace"},
		{finding.Info, "klp symbol", "gained", "xfs:c", ""},
		{finding.Info, "klp symbol", "lost", "vmlinux:b,2", ""},
		{finding.Info, "toolchain", "changed", "", "static -> kpatch-build"},
		{finding.Warning, "kernel", "changed", "", "6.12.111 x86_64 -> 6.12.117 x86_64"},
	}
	d := Compare(old, now)
	d.Judge(nil, replace.Env{})
	if diff := cmp.Diff(want, d.Items()); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	if d.Load != nil || d.Back != nil {
		t.Error("modules for two kernels were judged")
	}
}

func TestSameModuleLosesNothing(t *testing.T) {
	m := module("fix", true, []klp.Object{object("vmlinux", fn("foo", 0, 32))}, klp.State{ID: 1, Version: 1})
	d := Compare(m, m)
	for _, i := range d.Items() {
		if i.Severity != finding.Info || i.Change != "again" {
			t.Errorf("%+v", i)
		}
	}
}

func TestJudge(t *testing.T) {
	foo := []klp.Object{object("vmlinux", fn("foo", 0, 32))}
	runtime := module("fix_2", false, foo)
	runtime.Replace.Source = klp.FromRuntime
	list := func(name string, sets ...uint32) *klp.Module {
		m := module(name, false, foo)
		m.Replace = klp.Replace{Kind: klp.KindSets, Sets: sets, Source: klp.FromData}
		return m
	}
	for _, tt := range []struct {
		name       string
		old, new   *klp.Module
		load, back Item
	}{
		{
			"higher state", module("fix_1", true, foo, klp.State{ID: 7, Version: 1}), module("fix_2", true, foo, klp.State{ID: 7, Version: 2}),
			Item{finding.Info, "load", "accepted", "", "mainline: replaces fix_1"},
			Item{finding.Warning, "back", "refused", "", "mainline: state 7 has version 1, lower than 2 in fix_2 (EINVAL)"},
		},
		{
			"lower state", module("fix_1", true, foo, klp.State{ID: 7, Version: 2}), module("fix_2", true, foo, klp.State{ID: 7, Version: 1}),
			Item{finding.Error, "load", "refused", "", "mainline: state 7 has version 1, lower than 2 in fix_1 (EINVAL)"},
			Item{finding.Info, "back", "accepted", "", "mainline: replaces fix_2"},
		},
		{
			"decided at run time", module("fix_1", true, foo, klp.State{ID: 7, Version: 2}), runtime,
			Item{finding.Warning, "load", "depends", "", "mainline with no replace: stacks; mainline with replace: state 7 of fix_1, which would be replaced, is missing (EINVAL)"},
			Item{finding.Info, "back", "accepted", "", "mainline: replaces fix_2"},
		},
		{
			"two readings", list("klp_2a", 1, 2), list("klp_2b", 2),
			Item{finding.Warning, "load", "depends", "", "sets-positional: vmlinux:foo is also patched by klp_2a, which stays active in set {1} (EINVAL); sets-flat: replaces klp_2a"},
			Item{finding.Info, "back", "accepted", "", "sets-positional: replaces klp_2b; sets-flat: replaces klp_2b"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := Compare(tt.old, tt.new)
			d.Judge(nil, replace.Env{})
			items := d.Items()
			if diff := cmp.Diff([]Item{tt.load, tt.back}, items[len(items)-2:]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	d := Compare(list("a", 1), module("b", true, foo))
	d.Judge(nil, replace.Env{})
	if d.Load.Unjudged == "" || d.Load.item("load").Severity != finding.Warning {
		t.Errorf("modules with different fields were judged: %+v", d.Load)
	}
}
