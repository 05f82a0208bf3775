package replace_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// TestZeroSpecialIsAboutZero: --zero-special protects livepatches of set 0 from
// those of other sets, and nothing else from anybody.
func TestZeroSpecialIsAboutZero(t *testing.T) {
	for _, tc := range []struct {
		name     string
		model    replace.Model
		old, new klp.Replace
		override []uint32
		want     string // what is replaced
	}{
		{"own set", replace.Supersedes{}, set(2), set(2), nil, "old"},
		{"a listed set", replace.Supersedes{}, set(2), set(1, 2), nil, "old"},
		{"an overridden set", replace.Supersedes{}, set(2), set(1), []uint32{2}, "old"},
		{"zero, listed", replace.Supersedes{}, set(0), set(1, 0), nil, ""},
		{"zero, overridden", replace.Supersedes{}, set(0), set(1), []uint32{0}, ""},
		{"zero by zero", replace.Supersedes{}, set(0), set(0), nil, "old"},
		{"positional, a listed set", replace.SetsPositional{}, list(2), list(1, 2), nil, "old"},
		{"positional, zero by zero", replace.SetsPositional{}, list(), list(), nil, "old"},
		{"positional, zero overridden", replace.SetsPositional{}, list(), list(1), []uint32{0}, ""},
		{"flat, a shared set", replace.SetsFlat{}, list(1, 2), list(2, 3), nil, "old"},
		{"flat, zero by zero", replace.SetsFlat{}, list(), list(), nil, "old"},
		{"flat, zero overridden", replace.SetsFlat{}, list(), list(1), []uint32{0}, ""},
		{"replace-set has no such option", replace.Set{}, set(0), set(0), nil, "old"},
		{"mainline has no such option", replace.Mainline{}, flag(false), flag(true), nil, "old"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := start(t, tc.model, replace.Env{Behaviour: known, ZeroSpecial: true})
			s.must(vm("old", tc.old, "f"))
			if got := strings.Join(s.must(vm("new", tc.new, "g"), tc.override...).Replaced, " "); got != tc.want {
				t.Errorf("replaced %q, want %q", got, tc.want)
			}
		})
	}
}

// TestStatesWithoutReplace: mainline compares versions whether the new livepatch
// replaces or not, and lets only one that does not leave states out.
func TestStatesWithoutReplace(t *testing.T) {
	for _, tc := range []struct {
		name     string
		replaces bool
		states   []klp.State
		want     string
	}{
		{"stacked, state left out", false, nil, ""},
		{"stacked, same version", false, []klp.State{{ID: 7, Version: 2}}, ""},
		{"stacked, lower version", false, []klp.State{{ID: 7, Version: 1}}, "state 7 has version 1, lower than 2 in old"},
		{"replaced, state left out", true, nil, "state 7 of old, which would be replaced, is missing"},
		{"replaced, higher version", true, []klp.State{{ID: 7, Version: 3}}, ""},
		{"replaced, the first of two counts", true, []klp.State{{ID: 7, Version: 1}, {ID: 7, Version: 3}}, "state 7 has version 1, lower than 2 in old"},
	} {
		s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
		s.must(with(vm("old", flag(true), "f"), func(m *klp.Module) { m.Patch.States = []klp.State{{ID: 7, Version: 2}} }))
		d := s.load(with(vm("new", flag(tc.replaces), "f"), func(m *klp.Module) { m.Patch.States = tc.states }))
		if d.Reason != tc.want || d.Accepted() != (tc.want == "") {
			t.Errorf("%s: %s %q, want %q", tc.name, d.Outcome, d.Reason, tc.want)
		}
	}
}

// patching makes a livepatch of one object, whose replacement functions are
// named after it.
func patching(name, obj string, funcs ...string) *klp.Module {
	m := vm(name, flag(false))
	m.Patch.Objects = []klp.Object{object(obj, funcs...)}
	for i := range m.Patch.Objects[0].Funcs {
		f := &m.Patch.Objects[0].Funcs[i]
		f.New.Symbol = name + "_" + f.Name
	}
	return m
}

// TestPatchedReplacement: a livepatch may patch another's replacement function;
// then its code runs in the place of both.
func TestPatchedReplacement(t *testing.T) {
	s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
	s.must(patching("a", "vmlinux", "f", "g"))
	s.must(patching("b", "a", "a_f"))
	want := map[string]string{"vmlinux:f": "b", "vmlinux:g": "a", "a:a_f": "b"}
	if diff := cmp.Diff(want, s.sys.Owners()); diff != "" {
		t.Errorf("one above the other (-want +got):\n%s", diff)
	}
	s.must(patching("c", "b", "b_a_f"))
	want = map[string]string{"vmlinux:f": "c", "vmlinux:g": "a", "a:a_f": "c", "b:b_a_f": "c"}
	if diff := cmp.Diff(want, s.sys.Owners()); diff != "" {
		t.Errorf("three (-want +got):\n%s", diff)
	}
}

// TestPatchedInACircle: replacement functions that patch each other end in no
// endless search for who runs.
func TestPatchedInACircle(t *testing.T) {
	s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
	s.must(with(patching("a", "b", "b_a_f"), func(m *klp.Module) { m.Patch.Objects[0].Funcs[0].New.Symbol = "a_f" }))
	s.must(patching("b", "a", "a_f"))
	if got := s.sys.Owners(); len(got) != 2 {
		t.Errorf("%v", got)
	}
}

// TestFieldOfAnotherModel: no model reads a field that is another's.
func TestFieldOfAnotherModel(t *testing.T) {
	for _, tc := range []struct {
		model replace.Model
		field klp.Replace
		want  string // a part of the error; "" when it can be read
	}{
		{replace.SetsPositional{}, set(2), ""},
		{replace.SetsPositional{}, set(2, 1), "the module has supersedes beside its set; that is model supersedes"},
		{replace.SetsFlat{}, set(2, 1), "the module has supersedes beside its set; that is model supersedes"},
		{replace.SetsFlat{}, flag(true), "model sets-flat needs u32 *replace_sets, the module carries bool replace"},
		{replace.Set{}, list(1, 2), "which of them is its own is what sets-positional and sets-flat disagree about"},
		{replace.Set{}, list(1, 1), ""},
		{replace.Set{}, flag(false), "model replace-set needs u32 replace_set, the module carries bool replace"},
		{replace.Mainline{}, set(1), "model mainline needs bool replace, the module carries u32 replace_set"},
		{replace.Mainline{}, klp.Replace{Kind: klp.KindFlag, Source: klp.FromRuntime, Reason: "a parameter"}, "the value of replace is decided at run time: a parameter"},
		{replace.Mainline{}, klp.Replace{Kind: klp.KindUnknown}, "the value of replace is not known"},
	} {
		_, err := tc.model.Read(&tc.field)
		var e *replace.FieldError
		if (err == nil) != (tc.want == "") || err != nil && (!errors.As(err, &e) || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s of %s: %v, want %q", tc.model.Name(), tc.field.String(), err, tc.want)
		}
	}
}

// TestReadOnlyTables: klp_enable_patch() writes to the structs of a static
// table, so that it faults where their memory is read-only by then. Tables of
// the other toolchains are copied.
func TestReadOnlyTables(t *testing.T) {
	const write, alloc = 1, 2
	for _, tc := range []struct {
		patch, object, funcs string
		toolchain            klp.Toolchain
		crash                string // the section
	}{
		{".data", ".data", ".data", klp.Static, ""},
		{".rodata", ".data", ".data", klp.Static, ".rodata"},
		{".data", ".rodata", ".data", klp.Static, ".rodata"},
		{".data", ".data", ".rodata", klp.Static, ".rodata"},
		{".data..ro_after_init", ".data", ".data", klp.Static, ".data..ro_after_init"},
		{".rodata", ".rodata", ".rodata", klp.KlpBuild, ""},
		{"not read from a file", "", "", klp.Static, ""},
	} {
		s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
		d := s.load(with(vm("m", flag(true), "f"), func(m *klp.Module) {
			m.Toolchain = tc.toolchain
			m.Init.Enables = []klp.Enable{{Arg: klp.ArgData}}
			m.Sections = []klp.Section{{}, {Name: ".data", Flags: write | alloc}, {Name: ".rodata", Flags: alloc}, {Name: ".data..ro_after_init", Flags: write | alloc}}
			m.Patch.At.Section = tc.patch
			m.Patch.Objects[0].At.Section, m.Patch.Objects[0].FuncsAt.Section = tc.object, tc.funcs
		}))
		if (d.Outcome == replace.Crash) != (tc.crash != "") || tc.crash != "" && !strings.Contains(d.Reason, "its tables are in "+tc.crash+", which is read-only") {
			t.Errorf("%+v: %s %s", tc, d.Outcome, d.Reason)
		}
	}
}

// TestNameLimits: KSYM_NAME_LEN and MODULE_NAME_LEN count the NUL, so that names
// of one byte less are the longest.
func TestNameLimits(t *testing.T) {
	for _, tc := range []struct {
		limit, n int
		want     string
	}{
		{128, 127, ""},
		{128, 128, "has 128 bytes, the limit is 127"},
		{512, 511, ""},
		{512, 512, "has 512 bytes, the limit is 511"},
		{0, 5000, ""}, // a kernel whose limit is not known
	} {
		b := known
		b.KsymNameLen = tc.limit
		s := start(t, replace.Mainline{}, replace.Env{Behaviour: b})
		d := s.load(vm("m", flag(false), strings.Repeat("f", tc.n)))
		if d.Accepted() != (tc.want == "") || !strings.Contains(d.Reason, tc.want) {
			t.Errorf("func of %d bytes, limit %d: %s", tc.n, tc.limit, d.Reason)
		}
	}
	for n, want := range map[int]string{55: "", 56: "has 56 bytes, the limit is 55"} {
		s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
		if d := s.load(patching("m", strings.Repeat("o", n), "f")); d.Accepted() != (want == "") || !strings.Contains(d.Reason, want) {
			t.Errorf("object of %d bytes: %s", n, d.Reason)
		}
	}
}

// TestNullNameInFront: klp_find_func() stops at the func that it looks for, so
// that a NULL name is dereferenced only in front of it.
func TestNullNameInFront(t *testing.T) {
	for _, tc := range []struct {
		funcs []string
		crash bool
	}{
		{[]string{"NULL", "f"}, true},
		{[]string{"f", "NULL"}, false},
		{[]string{"g", "NULL"}, true}, // f is looked for to the end
	} {
		s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
		s.must(vm("old", flag(false), "f"))
		if d := s.load(vm("new", flag(true), tc.funcs...)); d.Accepted() || (d.Outcome == replace.Crash) != tc.crash {
			t.Errorf("%v: %s %s", tc.funcs, d.Outcome, d.Reason)
		}
	}
}

// TestSysfsOfModels: the folder of a livepatch has other files under the set
// models, and so other names that no object can have.
func TestSysfsOfModels(t *testing.T) {
	b := known
	b.SysfsAttributes = []string{"enabled", "transition", "force", "replace", "stack_order"}
	for _, tc := range []struct {
		model   replace.Model
		replace klp.Replace
		taken   map[string]bool
	}{
		{replace.Mainline{}, flag(true), map[string]bool{"enabled": true, "replace": true, "stack_order": true, "replace_set": false}},
		{replace.Set{}, set(1), map[string]bool{"enabled": true, "replace": false, "stack_order": false, "replace_set": true}},
		{replace.SetsFlat{}, list(1), map[string]bool{"enabled": true, "replace": false, "stack_order": false, "replace_set": true}},
	} {
		for name, taken := range tc.taken {
			s := start(t, tc.model, replace.Env{Behaviour: b})
			d := s.load(with(vm("m", tc.replace), func(m *klp.Module) { m.Patch.Objects = []klp.Object{object(name, "f")} }))
			if (d.Errno == "EEXIST") != taken || d.Accepted() == taken {
				t.Errorf("%s, object %s: %s %s %s", tc.model.Name(), name, d.Outcome, d.Errno, d.Reason)
			}
		}
	}
}

// TestPrePatchOfOne: the pre_patch callback that fails is that of one object; a
// module without one arrives.
func TestPrePatchOfOne(t *testing.T) {
	m := vm("m", flag(true), "f")
	m.Patch.Objects = append(m.Patch.Objects, object("ext4", "g"), object("btrfs", "h"))
	m.Patch.Objects[2].Callbacks = []klp.Callback{{Kind: klp.PrePatch}}
	p, err := replace.NewLivepatch(replace.Mainline{}, m)
	if err != nil {
		t.Fatal(err)
	}
	p.PrePatchErrno = "ENODEV"
	s, d := replace.NewSystem(replace.Mainline{}, replace.Env{Behaviour: known}).Load(p, replace.LoadOptions{})
	if !d.Accepted() {
		t.Fatalf("%s %s", d.Errno, d.Reason)
	}
	if s, d = s.LoadTarget(replace.TargetModule{Name: "ext4"}); !d.Accepted() {
		t.Errorf("ext4: %s %s", d.Errno, d.Reason)
	}
	if _, d = s.LoadTarget(replace.TargetModule{Name: "btrfs"}); d.Errno != "ENODEV" {
		t.Errorf("btrfs: %s %s", d.Outcome, d.Errno)
	}
}
