package replace_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// vm makes a livepatch of vmlinux with these funcs, "name" or "name,sympos".
func vm(name string, r klp.Replace, funcs ...string) *klp.Module {
	m := &klp.Module{Path: name + ".ko", Name: name, Kind: klp.KindLivepatch, Replace: r}
	m.Patch.Found = true
	m.Patch.Objects = []klp.Object{object("vmlinux", funcs...)}
	return m
}

func object(name string, funcs ...string) klp.Object {
	o := klp.Object{Name: name, Null: name == "vmlinux"}
	for _, f := range funcs {
		f, sympos, _ := strings.Cut(f, ",")
		x := klp.Func{Name: f, NameNull: f == "NULL"}
		if sympos != "" {
			x.Sympos = uint64(sympos[0] - '0')
		}
		o.Funcs = append(o.Funcs, x)
	}
	return o
}

func with(m *klp.Module, change func(*klp.Module)) *klp.Module {
	change(m)
	return m
}

func flag(v bool) klp.Replace {
	return klp.Replace{Kind: klp.KindFlag, Flag: v, Source: klp.FromData}
}

func set(n uint32, supersedes ...uint32) klp.Replace {
	return klp.Replace{Kind: klp.KindSet, Set: n, Supersedes: supersedes, Source: klp.FromData}
}

func list(n ...uint32) klp.Replace {
	return klp.Replace{Kind: klp.KindSets, Sets: n, Source: klp.FromData}
}

// refusals lists what a decision says is wrong, in order: "ERRNO reason".
func refusals(d replace.Decision) []string {
	if d.Accepted() {
		return nil
	}
	first := d.Errno
	if d.Outcome == replace.Crash {
		first = "crash"
	}
	out := []string{first + " " + d.Reason}
	for _, r := range d.Also {
		errno := r.Errno
		if errno == "" {
			errno = "crash"
		}
		out = append(out, errno+" "+r.Reason)
	}
	return out
}

type loaded struct {
	t   *testing.T
	sys replace.System
}

func start(t *testing.T, m replace.Model, e replace.Env) *loaded {
	return &loaded{t, replace.NewSystem(m, e)}
}

func (l *loaded) load(m *klp.Module, override ...uint32) replace.Decision {
	l.t.Helper()
	p, err := replace.NewLivepatch(l.sys.Model(), m)
	if err != nil {
		l.t.Fatal(err)
	}
	var d replace.Decision
	l.sys, d = l.sys.Load(p, replace.LoadOptions{Override: override})
	return d
}

func (l *loaded) must(m *klp.Module, override ...uint32) replace.Decision {
	l.t.Helper()
	d := l.load(m, override...)
	if !d.Accepted() {
		l.t.Fatalf("%s: %s %s: %s", m.Name, d.Outcome, d.Errno, d.Reason)
	}
	return d
}

// choosy is a target whose loader refuses as told.
type choosy struct {
	measuredKernel
	refusals []klp.Refusal
}

func (c *choosy) CheckLoad(*klp.Module) []klp.Refusal { return c.refusals }

// TestOrder makes a module that is wrong in every way and takes the errors in
// the kernel's order.
func TestOrder(t *testing.T) {
	bad := func() *klp.Module {
		return with(vm("m", flag(true), "f", "f", "NULL"), func(m *klp.Module) {
			m.Modinfo.Present = true
			m.Patch.ModNull = true
			m.Patch.Objects[0].Funcs[0].New.Null = true
			m.Patch.Objects = append(m.Patch.Objects, object(strings.Repeat("o", 56)))
			m.KlpRelas = []klp.KlpRela{{Section: ".klp.rela.", Malformed: "no object"}}
		})
	}
	s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
	s.must(with(vm("m", flag(false), "g"), func(m *klp.Module) { m.Patch.States = []klp.State{{ID: 7}} }))
	want := []string{
		"EEXIST a module named m is already loaded",
		"ENOENT the module has no license entry, and klp_enable_patch() is exported to GPL modules only",
		"EINVAL no object",
		"EINVAL klp_patch.mod is NULL",
		"EINVAL .modinfo has no livepatch entry",
		"EINVAL state 7 of m, which would be replaced, is missing",
		"crash func 3 of object vmlinux has a NULL old_name, which the kernel dereferences in klp_find_func() when looking for the funcs of m",
		"EINVAL vmlinux:f has no replacement function",
		"EINVAL func 3 of object vmlinux has a NULL old_name",
		"EINVAL the object name " + strings.Repeat("o", 56) + " has 56 bytes, the limit is 55",
	}
	if diff := cmp.Diff(want, refusals(s.load(bad()))); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

// TestLoaderFirst: a format that the loader refuses comes before a loaded
// module of the name, everything else that it refuses behind it.
func TestLoaderFirst(t *testing.T) {
	for _, tt := range []struct {
		first string
		want  []string
	}{
		{"ENOEXEC", []string{"ENOEXEC first", "EEXIST a module named m is already loaded", "EINVAL CRC"}},
		{"ENOENT", []string{"EEXIST a module named m is already loaded", "ENOENT first", "EINVAL CRC"}},
	} {
		k := &choosy{measuredKernel: measuredKernel{known}}
		s := start(t, replace.Mainline{}, replace.Env{Behaviour: known, Target: k})
		s.must(vm("m", flag(false), "cmdline_proc_show"))
		k.refusals = []klp.Refusal{{Errno: tt.first, Reason: "first"}, {Errno: "EINVAL", Reason: "CRC"}}
		if diff := cmp.Diff(tt.want, refusals(s.load(vm("m", flag(false), "cmdline_proc_show")))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.first, diff)
		}
	}
}

// TestNullNameByRelease: 7.3.4 refuses before anything else of the patch,
// 6.12 dereferences, and where neither is known both are named.
func TestNullNameByRelease(t *testing.T) {
	for _, tt := range []struct {
		crashes klp.Tri
		outcome replace.Outcome
		open    int
	}{{klp.Yes, replace.Crash, 0}, {klp.No, replace.Refused, 0}, {klp.Unknown, replace.Crash, 1}} {
		b := known
		b.NullNameCrashes = tt.crashes
		s := start(t, replace.Mainline{}, replace.Env{Behaviour: b})
		s.must(vm("old", flag(false), "f"))
		d := s.load(vm("new", flag(true), "NULL"))
		if d.Outcome != tt.outcome || len(d.Undecided) != tt.open {
			t.Errorf("%v: %s %v, undecided %v", tt.crashes, d.Outcome, refusals(d), d.Undecided)
		}
		if s.sys.Crashed() != (tt.outcome == replace.Crash) {
			t.Errorf("%v: crashed %v", tt.crashes, s.sys.Crashed())
		}
	}
	// The look-up that finds its func before the NULL never gets there.
	s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
	s.must(vm("old", flag(false), "f"))
	if d := s.load(vm("new", flag(true), "f", "NULL")); d.Outcome != replace.Refused || d.Errno != "EINVAL" {
		t.Errorf("NULL behind the func that is looked for: %v", refusals(d))
	}
	// A NULL name in another object is not compared.
	s = start(t, replace.Mainline{}, replace.Env{Behaviour: known})
	s.must(vm("old", flag(false), "f"))
	m := vm("new", flag(true))
	m.Patch.Objects = []klp.Object{object("ext4", "NULL")}
	if d := s.load(m); d.Outcome != replace.Refused {
		t.Errorf("NULL in another object: %v", refusals(d))
	}
}

// TestSympos01: replacing f,0 by f,1 depends on a fix.
func TestSympos01(t *testing.T) {
	for _, pair := range [][2]string{{"f", "f,1"}, {"f,1", "f"}} {
		for _, tt := range []struct {
			fix   klp.Tri
			errno string
			open  int
		}{{klp.Yes, "", 0}, {klp.No, "EEXIST", 0}, {klp.Unknown, "", 1}} {
			b := known
			b.Sympos01 = tt.fix
			s := start(t, replace.Mainline{}, replace.Env{Behaviour: b})
			s.must(vm("old", flag(false), pair[0]))
			d := s.load(vm("new", flag(true), pair[1]))
			if d.Errno != tt.errno || len(d.Undecided) != tt.open {
				t.Errorf("%v, fix %v: %q, undecided %v", pair, tt.fix, d.Errno, d.Undecided)
			}
			if tt.open == 1 && d.Undecided[0].Otherwise != "EEXIST" {
				t.Errorf("%v: otherwise %q", pair, d.Undecided[0].Otherwise)
			}
			if tt.errno != "" && d.Messages[0] != "sysfs: cannot create duplicate filename '/kernel/livepatch/new/vmlinux/f,1'" {
				t.Errorf("message %q", d.Messages)
			}
		}
	}
	// Positions 2 and 1 are different functions everywhere.
	b := known
	b.Sympos01 = klp.No
	s := start(t, replace.Mainline{}, replace.Env{Behaviour: b})
	s.must(vm("old", flag(false), "f,2"))
	s.must(vm("new", flag(true), "f,1"))
}

// TestInitEEXIST: which name insmod sees is known of some releases only.
func TestInitEEXIST(t *testing.T) {
	b := known
	b.InitEEXIST = []string{"EEXIST", "EBUSY"}
	s := start(t, replace.Mainline{}, replace.Env{Behaviour: b})
	d := s.load(vm("m", flag(false), "f", "f"))
	if d.Errno != "EEXIST" || len(d.Undecided) != 1 || d.Undecided[0].Otherwise != "EBUSY" {
		t.Errorf("%s, %v", d.Errno, d.Undecided)
	}
	// A loaded module of the name keeps EEXIST on every release.
	b.InitEEXIST = []string{"EBUSY"}
	s = start(t, replace.Mainline{}, replace.Env{Behaviour: b})
	s.must(vm("m", flag(false), "f"))
	if d := s.load(vm("m", flag(false), "g")); d.Errno != "EEXIST" {
		t.Errorf("same name: %s", d.Errno)
	}
}

// TestSysfsNames: names that sysfs cannot hold twice, or at all.
func TestSysfsNames(t *testing.T) {
	tests := []struct {
		name       string
		attributes []string
		objects    []klp.Object
		errno      string
	}{
		{"slash and bang", nil, []klp.Object{object("a/b"), object("a!b")}, "EEXIST"},
		{"empty", nil, []klp.Object{{Name: ""}}, "EINVAL"},
		{"attribute", []string{"enabled", "force"}, []klp.Object{object("force")}, "EEXIST"},
		{"no attribute", []string{"enabled", "force"}, []klp.Object{object("replace")}, ""},
		{"literal vmlinux alone", nil, []klp.Object{{Name: "vmlinux", Literal: true}}, ""},
	}
	for _, tt := range tests {
		b := known
		b.SysfsAttributes = tt.attributes
		s := start(t, replace.Mainline{}, replace.Env{Behaviour: b})
		m := vm("m", flag(false))
		m.Patch.Objects = tt.objects
		if d := s.load(m); d.Errno != tt.errno {
			t.Errorf("%s: %q, want %q (%s)", tt.name, d.Errno, tt.errno, d.Reason)
		}
	}
}

// TestNopsOfTwo: two livepatches that are replaced bring both spellings of
// vmlinux into one that patches neither.
func TestNopsOfTwo(t *testing.T) {
	s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
	s.must(vm("a", flag(false), "f"))
	s.must(with(vm("b", flag(false)), func(m *klp.Module) { m.Patch.Objects = []klp.Object{{Name: "vmlinux", Literal: true}} }))
	m := vm("c", flag(true))
	m.Patch.Objects = []klp.Object{object("ext4", "g")}
	if d := s.load(m); d.Errno != "EEXIST" {
		t.Errorf("%v", refusals(d))
	}
}

// TestArrive: what a target's own symbols and the livepatch's callback do to
// the target's load.
func TestArrive(t *testing.T) {
	s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
	a := vm("a", flag(false))
	a.Patch.Objects = []klp.Object{object("ext4", "g")}
	s.must(a)
	if len(s.sys.Owners()) != 0 {
		t.Errorf("owners before the target is there: %v", s.sys.Owners())
	}
	refused, d := s.sys.LoadTarget(replace.TargetModule{Name: "ext4", Symbols: replace.SymbolList{"h": 1}})
	want := []string{
		"symbol 'g' not found in symbol table", "failed to initialize patch 'a' for module 'ext4' (-22)",
		"patch 'a' failed for module 'ext4', refusing to load module 'ext4'",
	}
	if diff := cmp.Diff(want, d.Messages); d.Errno != "EINVAL" || diff != "" {
		t.Errorf("%s:\n%s", d.Errno, diff)
	}
	if len(refused.Loaded()) != 1 {
		t.Errorf("loaded %v", refused.Loaded())
	}
	there, d := s.sys.LoadTarget(replace.TargetModule{Name: "ext4", Symbols: replace.SymbolList{"g": 1}})
	if d.Outcome != replace.Done || there.Owners()["ext4:g"] != "a" {
		t.Errorf("%+v, owners %v", d, there.Owners())
	}
	if _, d := there.LoadTarget(replace.TargetModule{Name: "ext4"}); d.Errno != "EEXIST" {
		t.Errorf("loaded twice: %+v", d)
	}
	if _, d := there.LoadTarget(replace.TargetModule{Name: "vmlinux"}); d.Errno != "EINVAL" {
		t.Errorf("a module named vmlinux: %+v", d)
	}
	// Without symbols the decision says what it takes for granted.
	if _, d := s.sys.LoadTarget(replace.TargetModule{Name: "ext4"}); d.Outcome != replace.Done || len(d.Assumed) == 0 {
		t.Errorf("unknown symbols: %+v", d)
	}
}

// TestPrePatch: the callback runs for objects that are there, before ftrace.
func TestPrePatch(t *testing.T) {
	m := vm("m", flag(false))
	m.Patch.Objects = []klp.Object{object("ext4", "g")}
	m.Patch.Objects[0].Callbacks = []klp.Callback{{Kind: klp.PrePatch}}
	p, err := replace.NewLivepatch(replace.Mainline{}, m)
	if err != nil {
		t.Fatal(err)
	}
	p.PrePatchErrno = "ENOMEM"
	s, d := replace.NewSystem(replace.Mainline{}, replace.Env{Behaviour: known}).Load(p, replace.LoadOptions{})
	if d.Outcome != replace.First {
		t.Fatalf("the object is not there yet: %+v", d)
	}
	if _, d := s.LoadTarget(replace.TargetModule{Name: "ext4"}); d.Errno != "ENOMEM" || d.Messages[0] != "pre-patch callback failed for object 'ext4'" {
		t.Errorf("%+v", d)
	}
}

// TestRemove: rmmod and the enabled file.
func TestRemove(t *testing.T) {
	s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
	s.sys, _ = s.sys.LoadTarget(replace.TargetModule{Name: "ext4"})
	s.must(with(vm("a", flag(false), "f"), func(m *klp.Module) {
		m.Modinfo.Entries = []klp.ModinfoEntry{{Key: "depends", Value: "jbd2,ext4"}}
	}))
	for _, tt := range []struct{ op, name, errno string }{
		{"unload", "a", "EAGAIN"},
		{"unload", "ext4", "EAGAIN"},
		{"unload", "b", "ENOENT"},
		{"disable", "b", "ENOENT"},
		{"disable", "ext4", "ENOENT"},
		{"disable", "a", ""},
		{"disable", "a", "ENOENT"},
		{"unload", "a", ""},
		{"unload", "ext4", ""},
	} {
		var d replace.Decision
		if tt.op == "unload" {
			s.sys, d = s.sys.Unload(tt.name)
		} else {
			s.sys, d = s.sys.Disable(tt.name)
		}
		if d.Errno != tt.errno {
			t.Errorf("%s %s: %q, want %q", tt.op, tt.name, d.Errno, tt.errno)
		}
	}
	// A disabled livepatch is still a loaded module of that name.
	s.must(vm("a", flag(false), "f"))
	s.sys, _ = s.sys.Disable("a")
	if d := s.load(vm("a", flag(false), "f")); d.Errno != "EEXIST" {
		t.Errorf("again over a disabled one: %q", d.Errno)
	}
}

// TestSets: zero, overrides, NULL, and who is held to which rule.
func TestSets(t *testing.T) {
	tests := []struct {
		name     string
		model    replace.Model
		zero     bool
		old, new klp.Replace
		sameFunc bool
		override []uint32
		want     string
	}{
		{"listed set goes", replace.SetsPositional{}, false, list(2), list(1, 2), true, nil, "replaces"},
		{"member of a listed set stays", replace.SetsPositional{}, false, list(1, 2), list(2), false, nil, "coexists"},
		{"and is held to the func rule", replace.SetsPositional{}, false, list(1, 2), list(2), true, nil, "EINVAL"},
		{"flat: any shared set", replace.SetsFlat{}, false, list(1, 2), list(2), true, nil, "replaces"},
		{"flat: 1,2 and 2,3", replace.SetsFlat{}, false, list(1, 2), list(2, 3), false, nil, "replaces"},
		{"positional: 1,2 then 2,3", replace.SetsPositional{}, false, list(1, 2), list(2, 3), false, nil, "coexists"},
		{"positional: 2,3 then 1,2", replace.SetsPositional{}, false, list(2, 3), list(1, 2), false, nil, "replaces"},
		{"repetition", replace.SetsPositional{}, false, list(1), list(1, 1), false, nil, "replaces"},
		{"NULL is set 0", replace.SetsFlat{}, false, klp.Replace{Kind: klp.KindSets, SetsNull: true, Source: klp.FromData}, list(), true, nil, "replaces"},
		{"0 listed", replace.SetsPositional{}, false, list(0), list(1, 0), true, nil, "replaces"},
		{"0 listed, zero special", replace.SetsPositional{}, true, list(0), list(1, 0), false, nil, "coexists"},
		{"0 over 0, zero special", replace.SetsPositional{}, true, list(0), list(0), true, nil, "replaces"},
		{"0 overridden, zero special", replace.SetsFlat{}, true, list(), list(1), false, []uint32{0}, "coexists"},
		{"0 overridden", replace.SetsFlat{}, false, list(), list(1), true, []uint32{0}, "replaces"},
		{"override", replace.Supersedes{}, false, set(3), set(1), true, []uint32{3}, "replaces"},
		{"override of another", replace.Supersedes{}, false, set(3), set(1), true, []uint32{4}, "EINVAL"},
		{"supersedes", replace.Supersedes{}, false, set(3), set(1, 2, 3), true, nil, "replaces"},
		{"supersedes does not join", replace.Supersedes{}, false, set(1, 3), set(3), false, nil, "coexists"},
		{"replace-set knows no override", replace.Set{}, false, set(3), set(1), false, []uint32{3}, "coexists"},
	}
	for _, tt := range tests {
		s := start(t, tt.model, replace.Env{Behaviour: known, ZeroSpecial: tt.zero})
		s.must(vm("old", tt.old, "f"))
		f := "g"
		if tt.sameFunc {
			f = "f,1"
		}
		d := s.load(vm("new", tt.new, f), tt.override...)
		got := string(d.Outcome)
		if d.Errno != "" {
			got = d.Errno
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s (%s)", tt.name, got, tt.want, d.Reason)
		}
	}
}

// TestEvictedStates: a livepatch that goes from another set must have its
// states kept; one that stays must not be touched.
func TestEvictedStates(t *testing.T) {
	state := func(m *klp.Module, id uint64, v uint32) *klp.Module {
		m.Patch.States = []klp.State{{ID: id, Version: v}}
		return m
	}
	for _, tt := range []struct {
		new     klp.Replace
		id      uint64
		version uint32
		reason  string
	}{
		{list(1, 2), 7, 3, ""},
		{list(1, 2), 7, 4, ""},
		{list(1, 2), 7, 2, "state 7 has version 2, lower than 3 in old"},
		{list(1, 2), 8, 3, "state 7 of old, which would be replaced, is missing"},
		{list(1), 7, 9, "state 7 is also in old, which stays active in set {2}"},
		{list(1), 8, 3, ""},
	} {
		s := start(t, replace.SetsPositional{}, replace.Env{Behaviour: known})
		s.must(state(vm("old", list(2), "f"), 7, 3))
		if d := s.load(state(vm("new", tt.new, "g"), tt.id, tt.version)); d.Reason != tt.reason {
			t.Errorf("%v with %d:%d: %q, want %q", tt.new.Sets, tt.id, tt.version, d.Reason, tt.reason)
		}
	}
}

// TestRead: fields that a model cannot read are errors, never conversions.
func TestRead(t *testing.T) {
	unknown := klp.Replace{Kind: klp.KindFlag, Source: klp.FromRuntime}
	for _, m := range replace.All() {
		if _, err := m.Read(&unknown); err == nil {
			t.Errorf("%s reads a value decided at run time", m.Name())
		} else if fe := (*replace.FieldError)(nil); !errors.As(err, &fe) || !fe.Unknown() {
			t.Errorf("%s: %v", m.Name(), err)
		}
		f := flag(true)
		_, err := m.Read(&f)
		if (err == nil) != (m.Name() == replace.NameMainline) {
			t.Errorf("%s of a flag: %v", m.Name(), err)
		}
		two := list(1, 2)
		_, err = m.Read(&two)
		if (err == nil) != strings.HasPrefix(m.Name(), "sets-") {
			t.Errorf("%s of a list of two: %v", m.Name(), err)
		}
		n := set(3)
		_, err = m.Read(&n)
		if (err == nil) != (m.Name() != replace.NameMainline) {
			t.Errorf("%s of a number: %v", m.Name(), err)
		}
	}
}

func TestDefault(t *testing.T) {
	names := func(mods ...*klp.Module) string {
		models, err := replace.Default(mods)
		if err != nil {
			return err.Error()
		}
		var out []string
		for _, m := range models {
			out = append(out, m.Name())
		}
		return strings.Join(out, " ")
	}
	for _, tt := range []struct {
		mods []*klp.Module
		want string
	}{
		{nil, "mainline"},
		{[]*klp.Module{vm("a", flag(true))}, "mainline"},
		{[]*klp.Module{vm("a", set(0)), vm("b", set(2))}, "replace-set"},
		{[]*klp.Module{vm("a", set(0)), vm("b", set(2, 1))}, "supersedes"},
		{[]*klp.Module{vm("a", list(1))}, "sets-positional sets-flat"},
		{[]*klp.Module{vm("a", klp.Replace{Kind: klp.KindUnknown}), vm("b", list(1))}, "sets-positional sets-flat"},
		{[]*klp.Module{vm("a", flag(false)), vm("b", set(0))}, "a carries bool replace and b carries u32 replace_set: no kernel has both; choose one with --model"},
	} {
		if got := names(tt.mods...); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// TestManyReasons: what is behind the first reason is bounded.
func TestManyReasons(t *testing.T) {
	m := vm("m", flag(false))
	for range 1000 {
		m.Patch.Objects = append(m.Patch.Objects, klp.Object{Name: ""})
	}
	d := start(t, replace.Mainline{}, replace.Env{Behaviour: known}).load(m)
	if len(d.Also) != replace.MaxAlso || len(d.Also)+d.AlsoOmitted+1 < 1000 {
		t.Errorf("%d also, %d omitted", len(d.Also), d.AlsoOmitted)
	}
}

// TestManyUndecided: a question that many funcs raise is asked once.
func TestManyUndecided(t *testing.T) {
	old, next := vm("old", flag(false)), vm("new", flag(true))
	for i := range 500 {
		name := "f" + strings.Repeat("x", i)
		old.Patch.Objects[0].Funcs = append(old.Patch.Objects[0].Funcs, klp.Func{Name: name})
		next.Patch.Objects[0].Funcs = append(next.Patch.Objects[0].Funcs, klp.Func{Name: name, Sympos: 1})
	}
	b := known
	b.Sympos01 = klp.Unknown
	s := start(t, replace.Mainline{}, replace.Env{Behaviour: b})
	s.must(old)
	d := s.must(next)
	if len(d.Undecided) != 1 || !strings.HasSuffix(d.Undecided[0].Question, "(and 499 more like it)") {
		t.Errorf("%d undecided, the first %q", len(d.Undecided), d.Undecided[0].Question)
	}
}

// TestOpenQuestions: each has an id of its own and names models that exist.
func TestOpenQuestions(t *testing.T) {
	seen := map[string]bool{}
	for _, q := range replace.OpenQuestions() {
		if seen[q.ID] || q.ID == "" || q.Question == "" || q.Decision == "" || q.Why == "" || len(q.Models) == 0 {
			t.Errorf("incomplete or repeated: %+v", q)
		}
		seen[q.ID] = true
		for _, m := range q.Models {
			if _, err := replace.ByName(m); err != nil {
				t.Errorf("%s: %v", q.ID, err)
			}
		}
	}
}
