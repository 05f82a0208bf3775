package replace_test

import (
	"debug/elf"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// TestLoaderRefusals: what the module loader and the toolchains' own init code
// refuse, without a target kernel that would say so.
func TestLoaderRefusals(t *testing.T) {
	gpl := func(m *klp.Module) {
		m.Modinfo = klp.Modinfo{Present: true, Entries: []klp.ModinfoEntry{{Key: "license", Value: "GPL"}, {Key: "livepatch", Value: "Y"}}}
	}
	callbacks := func(kinds ...klp.CallbackKind) func(*klp.Module) {
		return func(m *klp.Module) {
			m.Toolchain = klp.KpatchBuild
			for _, k := range kinds {
				m.Patch.Objects[0].Callbacks = append(m.Patch.Objects[0].Callbacks, klp.Callback{Kind: k})
			}
		}
	}
	for _, tc := range []struct {
		name string
		edit func(*klp.Module)
		want string // "ERRNO reason"; "" where it is accepted
	}{
		{"sound", gpl, ""},
		{"malformed signature", func(m *klp.Module) {
			m.Trailer, m.SignatureError = &klp.Trailer{IDType: klp.PKeyPKCS7}, "invalid signature length 0, 0 bytes are available"
		}, "EBADMSG the signature is malformed: invalid signature length 0, 0 bytes are available"},
		{"a signature that leaves it unsigned", func(m *klp.Module) { m.SignatureError = "1 bytes follow the signature" }, ""},
		{"no symbols", func(m *klp.Module) { m.Symtab.Missing = true }, "ENOEXEC the module has no symbol table"},
		{"undefined livepatch symbol", func(m *klp.Module) {
			m.KlpSyms = []klp.KlpSym{{Raw: ".klp.sym.vmlinux.f,0"}}
		}, `ENOENT symbol ".klp.sym.vmlinux.f,0" is undefined, and nothing exports it`},
		{"weak undefined livepatch symbol", func(m *klp.Module) { m.KlpSyms = []klp.KlpSym{{Raw: ".klp.sym.vmlinux.f,0", Weak: true}} }, ""},
		{"undefined symbol whose name was dropped", func(m *klp.Module) {
			m.KlpRelas = []klp.KlpRela{{Foreign: []klp.Foreign{{Symbol: "printk"}, {}, {}}}}
		}, `ENOENT symbol "" is undefined, and nothing exports it`},
		{"another licence", func(m *klp.Module) { gpl(m); m.Modinfo.Entries[0].Value = "Proprietary" }, `ENOENT licence "Proprietary" is not compatible with the GPL, and klp_enable_patch() is exported to GPL modules only`},
		{"a licence that starts like one", func(m *klp.Module) { gpl(m); m.Modinfo.Entries[0].Value = "GPLv2" }, `ENOENT licence "GPLv2" is not compatible with the GPL, and klp_enable_patch() is exported to GPL modules only`},
		{"a compatible licence", func(m *klp.Module) { gpl(m); m.Modinfo.Entries[0].Value = "Dual MIT/GPL" }, ""},
		{"unmarked", func(m *klp.Module) { gpl(m); m.Modinfo.Entries = m.Modinfo.Entries[:1] }, "EINVAL .modinfo has no livepatch entry"},
		{"klp-build, no object", func(m *klp.Module) { m.Toolchain, m.Patch.Objects = klp.KlpBuild, nil }, "EINVAL the module patches no object"},
		{"kpatch-build, one callback of each kind", callbacks(klp.PrePatch, klp.PostPatch, klp.PreUnpatch, klp.PostUnpatch), ""},
		{"kpatch-build, two of one kind", callbacks(klp.PrePatch, klp.PostPatch, klp.PrePatch), "EINVAL object vmlinux has two pre_patch callbacks"},
		{"objs is NULL", func(m *klp.Module) { m.Patch.ObjsNull = true }, "EINVAL klp_patch.objs is NULL"},
		{"funcs is NULL", func(m *klp.Module) { m.Patch.Objects[0].FuncsNull = true }, "EINVAL klp_object.funcs of object vmlinux is NULL"},
	} {
		s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
		d := s.load(with(vm("m", flag(true), "f"), tc.edit))
		if got := strings.Join(slices.Concat(refusals(d), []string{""})[:1], ""); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// TestSaidOnce: what the target's own check refuses already is not told again.
func TestSaidOnce(t *testing.T) {
	const raw = ".klp.sym.vmlinux.f,0"
	target := &choosy{measuredKernel: measuredKernel{known}, refusals: []klp.Refusal{
		{Errno: "ENOENT", Message: "m: Unknown symbol " + raw + " (err -2)", Reason: "of the target"},
	}}
	s := start(t, replace.Mainline{}, replace.Env{Behaviour: known, Target: target})
	d := s.load(with(vm("m", flag(true), "cmdline_proc_show"), func(m *klp.Module) {
		m.KlpSyms = []klp.KlpSym{{Raw: raw}}
		m.Modinfo.Present = true
		m.Modinfo.Entries = []klp.ModinfoEntry{{Key: "livepatch"}, {Key: "license", Value: "Proprietary"}}
	}))
	if got := refusals(d); len(got) == 0 || got[0] != "ENOENT of the target" || slices.ContainsFunc(got[1:], func(s string) bool { return strings.HasPrefix(s, "ENOENT") }) {
		t.Errorf("%q", got)
	}
}

// TestNothingEnabled: a module that never calls klp_enable_patch() loads, and
// patches nothing.
func TestNothingEnabled(t *testing.T) {
	for _, tc := range []struct {
		name    string
		edit    func(*klp.Module)
		nothing bool
	}{
		{"no init function", func(m *klp.Module) { m.Init.Missing = true }, true},
		{"imports without it", func(m *klp.Module) { m.Imports = []klp.Import{{Name: "printk"}} }, true},
		{"imports with it", func(m *klp.Module) { m.Imports = []klp.Import{{Name: "printk"}, {Name: "klp_enable_patch"}} }, false},
		{"imports that are not known", func(*klp.Module) {}, false},
		{"a toolchain whose code calls it", func(m *klp.Module) { m.Toolchain, m.Init.Missing = klp.KpatchBuild, true }, false},
	} {
		s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
		s.must(vm("old", flag(true), "f"))
		d := s.must(with(vm("m", flag(true), "f"), tc.edit))
		if (d.Outcome == replace.Done) != tc.nothing || (len(d.Replaced) == 0) != tc.nothing {
			t.Errorf("%s: %s, replaced %v", tc.name, d.Outcome, d.Replaced)
		}
		if !slices.Equal(s.sys.Loaded(), []string{"old", "m"}) {
			t.Errorf("%s: loaded %v", tc.name, s.sys.Loaded())
		}
	}
	// It is refused as any module is, where something else is wrong with it.
	s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
	s.must(vm("m", flag(true), "f"))
	if d := s.load(with(vm("m", flag(true), "f"), func(m *klp.Module) { m.Init.Missing = true })); d.Errno != "EEXIST" {
		t.Errorf("a second module of one name: %s %s", d.Outcome, d.Errno)
	}
}

// TestAfterACrash: a kernel that is down answers nothing else.
func TestAfterACrash(t *testing.T) {
	s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
	d := s.load(with(vm("m", flag(true), "f"), func(m *klp.Module) { m.Init.Repeats = true }))
	if d.Outcome != replace.Crash || d.Errno != "" || !s.sys.Crashed() || len(s.sys.Active()) != 0 {
		t.Fatalf("%s %q, crashed %v", d.Outcome, d.Errno, s.sys.Crashed())
	}
	steps := map[string]func() (replace.System, replace.Decision){
		"arrive":  func() (replace.System, replace.Decision) { return s.sys.LoadTarget(replace.TargetModule{Name: "ext4"}) },
		"disable": func() (replace.System, replace.Decision) { return s.sys.Disable("m") },
		"unload":  func() (replace.System, replace.Decision) { return s.sys.Unload("m") },
	}
	for name, step := range steps {
		if after, d := step(); d.Outcome != replace.Crash || d.Accepted() || !after.Crashed() {
			t.Errorf("%s: %s %s", name, d.Outcome, d.Reason)
		}
	}
	if d := s.load(vm("n", flag(true), "f")); d.Outcome != replace.Crash || d.Reason != "the kernel is down since an earlier step" {
		t.Errorf("load: %s %s", d.Outcome, d.Reason)
	}
}

// TestFreedTables: a patch in .init.data is gone when it is disabled, and when the
// next module makes the kernel look at it; tables from which init code built
// another are not missed.
func TestFreedTables(t *testing.T) {
	for toolchain, crash := range map[klp.Toolchain]bool{klp.Static: true, klp.KlpBuild: false} {
		s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
		s.must(with(vm("m", flag(true), "f"), func(m *klp.Module) {
			m.Toolchain, m.Patch.At.Section = toolchain, ".init.data"
			m.Init.Enables = []klp.Enable{{Arg: klp.ArgData}}
		}))
		if _, d := s.sys.Disable("m"); (d.Outcome == replace.Crash) != crash {
			t.Errorf("disable, %s: %s %s", toolchain, d.Outcome, d.Reason)
		}
		if _, d := s.sys.LoadTarget(replace.TargetModule{Name: "any"}); (d.Outcome == replace.Crash) != crash {
			t.Errorf("another module, %s: %s %s", toolchain, d.Outcome, d.Reason)
		} else if (len(d.Undecided) == 1 && d.Undecided[0].Otherwise == "accepted") != crash { // it may have luck
			t.Errorf("another module, %s: undecided %v", toolchain, d.Undecided)
		}
		next, err := replace.NewLivepatch(replace.Mainline{}, vm("next", flag(false), "g"))
		if err != nil {
			t.Fatal(err)
		}
		if _, d := s.sys.Load(next, replace.LoadOptions{}); (d.Outcome == replace.Crash) != crash {
			t.Errorf("another livepatch, %s: %s %s", toolchain, d.Outcome, d.Reason)
		}
	}
}

// TestUnreadable: tables that were not found, and a field that the model does
// not have, are errors of their own kinds.
func TestUnreadable(t *testing.T) {
	for reason, want := range map[string]string{"": "no livepatch tables: not found", "why": "no livepatch tables: why"} {
		m := vm("m", flag(true), "f")
		m.Patch.Found, m.Patch.Reason = false, reason
		var e *replace.TablesError
		if _, err := replace.NewLivepatch(replace.Mainline{}, m); !errors.As(err, &e) || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	var e *replace.FieldError
	if _, err := replace.NewLivepatch(replace.Mainline{}, vm("m", set(1), "f")); !errors.As(err, &e) || e.Unknown() || e.Model != "mainline" {
		t.Errorf("%v", err)
	}
}

// TestModuleName: the name that the module records, else the file's stem as the
// kernel would have it.
func TestModuleName(t *testing.T) {
	for path, want := range map[string]string{
		"a/livepatch-fix.ko": "livepatch_fix", "livepatch-fix.ko.xz": "livepatch_fix", "x/plain": "plain", ".ko": ".ko",
	} {
		if got := replace.ModuleName(&klp.Module{Path: path}); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if got := replace.ModuleName(&klp.Module{Path: "a.ko", Name: "b"}); got != "b" {
		t.Errorf("a recorded name: %s", got)
	}
}

// TestByName finds each model by its name, and names them all in the error.
func TestByName(t *testing.T) {
	for _, m := range replace.All() {
		if got, err := replace.ByName(m.Name()); err != nil || got != m {
			t.Errorf("%s: %v, %v", m.Name(), got, err)
		}
	}
	_, err := replace.ByName("set")
	if want := `model "set": unknown, the models are mainline, replace-set, supersedes, sets-positional, sets-flat`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestLongLists: repetitions in a list mean nothing, however long it is.
func TestLongLists(t *testing.T) {
	var sets []uint32
	for i := range uint32(40) {
		sets = append(sets, 1+i%20)
	}
	r, err := replace.SetsFlat{}.Read(&klp.Replace{Kind: klp.KindSets, Sets: sets, Source: klp.FromData})
	if err != nil || !slices.Equal(r.Sets, sets[:20]) {
		t.Errorf("%v, %v", r.Sets, err)
	}
}

// TestMisnamedSection: the kernel applies a section to its target whatever its name
// says, and passes over one whose headers are wrong.
func TestMisnamedSection(t *testing.T) {
	for _, misnamed := range []bool{false, true} {
		s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
		m := with(vm("m", flag(false), "f"), func(m *klp.Module) {
			m.Arch = klp.X86_64
			m.KlpRelas = []klp.KlpRela{{
				Section: ".klp.rela.vmlinux..text", Index: 1, Object: "vmlinux", Target: ".text",
				NonZero: []klp.NonZero{{Relocated: true}}, NonZeroCount: 1,
			}}
			m.Sections = []klp.Section{{}, {Type: uint32(elf.SHT_RELA), Flags: klp.SHFRelaLivepatch | uint64(elf.SHF_ALLOC), Info: 2}, {Name: ".data"}}
			if misnamed { // else its target is not loaded
				m.Sections[2].Flags = uint64(elf.SHF_ALLOC)
			}
		})
		p, err := replace.NewLivepatch(replace.Mainline{}, m)
		if err != nil {
			t.Fatal(err)
		}
		if _, d := s.sys.Load(p, replace.LoadOptions{}); (d.Errno == "ENOEXEC") != misnamed {
			t.Errorf("misnamed %v: %s %s", misnamed, d.Outcome, d.Errno)
		}
	}
}
