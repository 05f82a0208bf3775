package replace_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// op is a random step: a load of one of the modules, or its disable or unload.
type op struct {
	kind   int // 0, 1, 2: load; 3: disable; 4: unload; 5: a target arrives or goes
	module int
}

var (
	objects = []string{"vmlinux", "ext4", "self"}
	names   = []string{"f", "g", "h"}
)

// draftModule draws a livepatch with small tables, so that modules collide.
func draftModule(t *rapid.T, i int) *klp.Module {
	m := &klp.Module{Name: fmt.Sprintf("m%d", rapid.IntRange(0, 5).Draw(t, "name")), Kind: klp.KindLivepatch}
	m.Path = fmt.Sprintf("%s-%d.ko", m.Name, i)
	m.Patch.Found = true
	for _, o := range rapid.SliceOfNDistinct(rapid.SampledFrom(objects), 0, 2, rapid.ID[string]).Draw(t, "objects") {
		obj := klp.Object{Name: o, Null: o == "vmlinux"}
		for _, f := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 2, rapid.ID[string]).Draw(t, "funcs") {
			obj.Funcs = append(obj.Funcs, klp.Func{Name: f, Sympos: rapid.Uint64Range(0, 2).Draw(t, "sympos")})
		}
		m.Patch.Objects = append(m.Patch.Objects, obj)
	}
	for range rapid.IntRange(0, 2).Draw(t, "states") {
		m.Patch.States = append(m.Patch.States, klp.State{ID: rapid.Uint64Range(1, 3).Draw(t, "id"), Version: rapid.Uint32Range(0, 2).Draw(t, "version")})
	}
	return m
}

func draftModules(t *rapid.T, replaceOf func(*rapid.T) klp.Replace) []*klp.Module {
	mods := make([]*klp.Module, rapid.IntRange(1, 6).Draw(t, "modules"))
	for i := range mods {
		mods[i] = draftModule(t, i)
		mods[i].Replace = replaceOf(t)
	}
	return mods
}

func draftOps(t *rapid.T, modules int) []op {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) op {
		return op{rapid.IntRange(0, 5).Draw(t, "op"), rapid.IntRange(0, modules-1).Draw(t, "module")}
	}), 1, 20).Draw(t, "ops")
}

func number(t *rapid.T) uint32 { return rapid.Uint32Range(0, 3).Draw(t, "set") }

func asFlag(t *rapid.T) klp.Replace {
	return klp.Replace{Kind: klp.KindFlag, Flag: rapid.Bool().Draw(t, "replace"), Source: klp.FromData}
}

func asSet(t *rapid.T) klp.Replace {
	return klp.Replace{Kind: klp.KindSet, Set: number(t), Source: klp.FromData}
}

func asSupersedes(t *rapid.T) klp.Replace {
	r := asSet(t)
	r.Supersedes = rapid.SliceOfN(rapid.Uint32Range(0, 3), 0, 3).Draw(t, "supersedes")
	return r
}

func asList(t *rapid.T) klp.Replace {
	return klp.Replace{Kind: klp.KindSets, Sets: rapid.SliceOfN(rapid.Uint32Range(0, 3), 0, 3).Draw(t, "sets"), Source: klp.FromData}
}

// fields says what each model's modules carry.
var fields = map[string]func(*rapid.T) klp.Replace{
	replace.NameMainline:       asFlag,
	replace.NameReplaceSet:     asSet,
	replace.NameSupersedes:     asSupersedes,
	replace.NameSetsPositional: asList,
	replace.NameSetsFlat:       asList,
}

var known = klp.Behaviour{Release: "6.12.111", InitEEXIST: []string{"EEXIST"}, NullNameCrashes: klp.Yes, Sympos01: klp.Yes, KsymNameLen: 512}

// step makes one step of a run.
func step(t *rapid.T, s replace.System, m replace.Model, mods []*klp.Module, o op) (replace.System, replace.Decision) {
	mod := mods[o.module]
	switch o.kind {
	case 3:
		return s.Disable(mod.Name)
	case 4:
		return s.Unload(mod.Name)
	case 5:
		if slices.Contains(s.Loaded(), "ext4") {
			return s.Unload("ext4")
		}
		return s.LoadTarget(replace.TargetModule{Name: "ext4", Symbols: replace.SymbolList{"f": 2, "g": 1}})
	}
	p, err := replace.NewLivepatch(m, mod)
	if err != nil {
		t.Fatalf("%s: %v", mod.Path, err)
	}
	return s.Load(p, replace.LoadOptions{})
}

// picture is all that can be seen of a system.
type picture struct {
	Active, Loaded []string
	Owners         map[string]string
	Crashed        bool
}

func look(s replace.System) picture {
	p := picture{Loaded: s.Loaded(), Owners: s.Owners(), Crashed: s.Crashed()}
	for _, a := range s.Active() {
		p.Active = append(p.Active, a.Name)
	}
	return p
}

// TestInvariants walks random sequences under every model.
func TestInvariants(t *testing.T) {
	for _, m := range replace.All() {
		t.Run(m.Name(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				mods := draftModules(t, fields[m.Name()])
				env := replace.Env{Behaviour: known, ZeroSpecial: rapid.Bool().Draw(t, "zero special")}
				s := replace.NewSystem(m, env)
				for _, o := range draftOps(t, len(mods)) {
					before := look(s)
					next, d := step(t, s, m, mods, o)
					if diff := cmp.Diff(before, look(s)); diff != "" {
						t.Fatalf("the step changed the system that it was made on:\n%s", diff)
					}
					after := look(next)
					checkStep(t, m, env.ZeroSpecial, next, d, before, after)
					s = next
				}
			})
		})
	}
}

func checkStep(t *rapid.T, m replace.Model, zeroSpecial bool, s replace.System, d replace.Decision, before, after picture) {
	if d.Outcome == replace.Refused {
		if diff := cmp.Diff(before, after); diff != "" {
			t.Fatalf("a refused step changed something:\n%s", diff)
		}
		if d.Errno == "" || d.Reason == "" {
			t.Fatalf("a refusal without errno or reason: %+v", d)
		}
	} else if d.Errno != "" {
		t.Fatalf("an errno with outcome %s", d.Outcome)
	}
	for f, o := range after.Owners {
		if !slices.Contains(after.Active, o) {
			t.Fatalf("%s is owned by %s, which is not active: %v", f, o, after.Active)
		}
	}
	for _, a := range after.Active {
		if !slices.Contains(after.Loaded, a) {
			t.Fatalf("%s is active and not loaded", a)
		}
	}
	for _, gone := range d.Replaced {
		if slices.Contains(after.Active, gone) || !slices.Contains(before.Active, gone) {
			t.Fatalf("replaced %s, active before %v and after %v", gone, before.Active, after.Active)
		}
	}
	if (d.Outcome == replace.Replaces) != (len(d.Replaced) > 0) {
		t.Fatalf("outcome %s, replaced %v", d.Outcome, d.Replaced)
	}
	if m.Name() == replace.NameMainline {
		return
	}
	// Under every set model one livepatch is active in each set that it
	// belongs to, and no func or state is in two.
	seen := map[uint32]string{}
	for _, p := range s.Active() {
		if zeroSpecial && len(p.Reading.Sets) > 1 && slices.Contains(p.Reading.Sets, 0) {
			continue // only a described list can mix 0 with others; question Q7
		}
		for _, set := range p.Reading.Sets {
			if seen[set] != "" {
				t.Fatalf("%s and %s are both active in set %d", seen[set], p.Name, set)
			}
			seen[set] = p.Name
		}
	}
	ids := map[uint64]string{}
	for _, p := range s.Active() {
		for _, st := range p.Module.Patch.States {
			if ids[st.ID] != "" && ids[st.ID] != p.Name {
				t.Fatalf("%s and %s are both active with state %d", ids[st.ID], p.Name, st.ID)
			}
			ids[st.ID] = p.Name
		}
	}
}

// same walks one sequence under two models, whose modules say the same in their own
// fields, and wants equal answers.
func same(t *testing.T, a, b replace.Model, translate func(klp.Replace) klp.Replace) {
	rapid.Check(t, func(t *rapid.T) {
		mods := draftModules(t, asSet)
		others := make([]*klp.Module, len(mods))
		for i, m := range mods {
			c := *m
			c.Replace = translate(m.Replace)
			others[i] = &c
		}
		s, r := replace.NewSystem(a, replace.Env{Behaviour: known}), replace.NewSystem(b, replace.Env{Behaviour: known})
		for _, o := range draftOps(t, len(mods)) {
			var d, e replace.Decision
			s, d = step(t, s, a, mods, o)
			r, e = step(t, r, b, others, o)
			if diff := cmp.Diff(d, e); diff != "" {
				t.Fatalf("%s and %s decide differently:\n%s", a.Name(), b.Name(), diff)
			}
			if diff := cmp.Diff(look(s), look(r)); diff != "" {
				t.Fatalf("%s and %s lead to different systems:\n%s", a.Name(), b.Name(), diff)
			}
		}
	})
}

func TestPositionalOfOneIsReplaceSet(t *testing.T) {
	same(t, replace.Set{}, replace.SetsPositional{}, func(r klp.Replace) klp.Replace {
		return klp.Replace{Kind: klp.KindSets, Sets: []uint32{r.Set}, Source: klp.FromData}
	})
}

func TestFlatOfOneIsReplaceSet(t *testing.T) {
	same(t, replace.Set{}, replace.SetsFlat{}, func(r klp.Replace) klp.Replace {
		return klp.Replace{Kind: klp.KindSets, Sets: []uint32{r.Set}, Source: klp.FromData}
	})
}

func TestSupersedesNothingIsReplaceSet(t *testing.T) {
	same(t, replace.Set{}, replace.Supersedes{}, func(r klp.Replace) klp.Replace { return r })
}

func mustRead(t *rapid.T, m replace.Model, r klp.Replace) replace.Reading {
	x, err := m.Read(&r)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestFlatIsSymmetric: who may be active together does not depend on the order.
func TestFlatIsSymmetric(t *testing.T) {
	m := replace.SetsFlat{}
	rapid.Check(t, func(t *rapid.T) {
		a, b := mustRead(t, m, asList(t)), mustRead(t, m, asList(t))
		x, y := m.Relate(a, b, replace.Options{}), m.Relate(b, a, replace.Options{})
		slices.Sort(x.Shared)
		slices.Sort(y.Shared)
		if diff := cmp.Diff(x, y); diff != "" {
			t.Fatalf("%v and %v:\n%s", a, b, diff)
		}
	})
}

// TestAgreement: positional, flat and supersedes disagree only about an active
// livepatch that shares a set with the new one without its own being listed.
func TestAgreement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		next, active := asList(t), asList(t)
		o := replace.Options{ZeroSpecial: rapid.Bool().Draw(t, "zero special"), Override: rapid.SliceOfN(rapid.Uint32Range(0, 3), 0, 2).Draw(t, "override")}
		pos, flat, sup := replace.SetsPositional{}, replace.SetsFlat{}, replace.Supersedes{}
		p := pos.Relate(mustRead(t, pos, next), mustRead(t, pos, active), o)
		f := flat.Relate(mustRead(t, flat, next), mustRead(t, flat, active), o)
		s := sup.Relate(mustRead(t, sup, split(next)), mustRead(t, sup, split(active)), o)
		if diff := cmp.Diff(p, s); diff != "" {
			t.Fatalf("positional and supersedes differ:\n%s", diff)
		}
		if p.Evicted && !f.Evicted && !o.ZeroSpecial {
			t.Fatalf("%v over %v: positional evicts, flat does not", next.Sets, active.Sets)
		}
		if p.Evicted != f.Evicted && !o.ZeroSpecial {
			own := mustRead(t, pos, active).Sets[0]
			if slices.Contains(next.Sets, own) || slices.Contains(o.Override, own) {
				t.Fatalf("%v over %v: the readings differ although its own set is listed", next.Sets, active.Sets)
			}
		}
		for _, r := range []replace.Relation{p, f, s} {
			want := replace.Relation{States: replace.StatesDisjoint, Funcs: replace.FuncsDisjoint}
			if r.Evicted {
				want = replace.Relation{Evicted: true, States: replace.StatesKept, Shared: r.Shared}
			}
			if diff := cmp.Diff(want, r); diff != "" {
				t.Fatalf("the rules towards it (-want +got):\n%s", diff)
			}
		}
	})
}

// split writes a list as a set with supersedes.
func split(r klp.Replace) klp.Replace {
	out := klp.Replace{Kind: klp.KindSet, Source: klp.FromData}
	if len(r.Sets) > 0 {
		out.Set, out.Supersedes = r.Sets[0], r.Sets[1:]
	}
	return out
}
