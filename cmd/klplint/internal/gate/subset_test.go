package gate

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/registry/registrytest"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// replaces draws what a module says of replacing. Of the three fields one is
// chosen for a whole registry, most of the time.
func replaces(field int) *rapid.Generator[klp.Replace] {
	numbers := rapid.SliceOfN(rapid.Uint32Range(0, 4), 0, 3)
	return rapid.Custom(func(t *rapid.T) klp.Replace {
		f := field
		if rapid.IntRange(0, 60).Draw(t, "other field") == 0 {
			f = (field + 1) % 3
		}
		r := klp.Replace{Source: klp.FromData, FieldSource: klp.FieldDWARF}
		if rapid.IntRange(0, 12).Draw(t, "unknown") == 0 {
			r.Source, r.Reason = klp.FromRuntime, "a module parameter"
			if rapid.Bool().Draw(t, "kind") {
				r.Kind, r.Source = klp.KindUnknown, klp.FromNone
				return r
			}
		}
		switch f {
		case 0:
			r.Kind, r.Flag = klp.KindFlag, rapid.Bool().Draw(t, "flag")
		case 1:
			r.Kind, r.Set = klp.KindSet, rapid.Uint32Range(0, 4).Draw(t, "set")
			if rapid.Bool().Draw(t, "has supersedes") {
				r.Supersedes = numbers.Draw(t, "supersedes")
			}
		default:
			r.Kind, r.Sets = klp.KindSets, numbers.Draw(t, "sets")
		}
		return r
	})
}

// modules draws a module whose funcs, states, shadow ids, names and lineages
// meet those of others.
func module(t *rapid.T, replace *rapid.Generator[klp.Replace], i int) *klp.Module {
	pick := func(label string, of ...string) string {
		return strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, 3, rapid.ID[string]).Draw(t, label), " ")
	}
	name := rapid.SampledFrom([]string{"fix", "cve", "hot", "kernel"}).Draw(t, "stem") + fmt.Sprintf("_%d", rapid.IntRange(1, 12).Draw(t, "version"))
	m := registrytest.Module(name, replace.Draw(t, "replace"),
		pick("funcs", "f", "g", "h,1", "h,2", "ext4:f", "ext4:g")+" "+pick("more", "a", "b", "c", "d,1", "d", "e"),
		pick("states", "1:1", "1:2", "2:1", "3:1", "4:4", "18446744073709551615:1"))
	m.Path = fmt.Sprintf("build/%d.ko", i)
	m.SHA256 = fmt.Sprintf("%064x", i+1)
	if rapid.IntRange(0, 3).Draw(t, "shadow") == 0 {
		m.ShadowIDs = []klp.ShadowID{{ID: rapid.Uint64Range(1, 3).Draw(t, "shadow id"), By: "klp_shadow_alloc"}}
	}
	if rapid.IntRange(0, 6).Draw(t, "callbacks") == 0 {
		m.Patch.Objects = append(m.Patch.Objects, klp.Object{
			Name: rapid.SampledFrom([]string{"xfs", "nfs"}).Draw(t, "object"), Callbacks: []klp.Callback{{Kind: klp.PrePatch}},
		})
	}
	if rapid.IntRange(0, 6).Draw(t, "literal") == 0 {
		m.Patch.Objects = append(m.Patch.Objects, klp.Object{Name: "vmlinux", Literal: true, Funcs: []klp.Func{{Name: "f"}}})
	}
	return m
}

// The verdict over what the registry loads is the verdict over all that is
// active: finding by finding, or, where not all that is evicted is loaded, in
// which rules speak of whom and how severely.
func TestSubsetGivesTheSameVerdict(t *testing.T) {
	for _, sampled := range []bool{false, true} {
		t.Run(fmt.Sprintf("sampled %v", sampled), func(t *testing.T) {
			dir := t.TempDir()
			n := 0
			rapid.Check(t, func(t *rapid.T) {
				n++
				r, err := registry.Open(t.Context(), "sqlite:"+filepath.Join(dir, fmt.Sprint(n, ".db")), registry.Options{Create: true})
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				checkSubset(t, r, sampled)
			})
		})
	}
}

// TestWitnessesOfEachField: a model passes over modules whose replace field it
// does not have, so that what it has to speak of must not hide behind them.
func TestWitnessesOfEachField(t *testing.T) {
	var all []*registry.Entry
	add := func(owner string, replace klp.Replace, funcs string) {
		m := registrytest.Module("fix_"+owner, replace, funcs, "")
		m.Path, m.SHA256 = "build/"+owner+".ko", fmt.Sprintf("%064x", len(all)+1)
		all = append(all, &registry.Entry{Module: m, Owner: owner, State: registry.Active})
	}
	for i := range 20 {
		add(fmt.Sprintf("a%02d", i), klp.Replace{Kind: klp.KindSet, Set: 1, Source: klp.FromData}, fmt.Sprint("f", i))
	}
	flag := klp.Replace{Kind: klp.KindFlag, Source: klp.FromData}
	add("b", flag, "f") // by itself the registry knows one module of each field
	add("c", flag, "gone")
	flag.Flag = true
	candidate := &registry.Entry{Module: registrytest.Module("fix_d", flag, "f", ""), Owner: "d"}
	candidate.Module.Path, candidate.Module.SHA256 = "build/d.ko", fmt.Sprintf("%064x", 100)
	question := registry.Question{
		Kernel: all[0].Kernel(), MaxEvicted: 1,
		Candidates: []registry.Asking{{Module: candidate.Module, Owner: candidate.Owner}},
	}
	r, err := registry.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "r.db"), registry.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	related, err := relatedAmong(t.Context(), r, all, question)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{}
	g.Lint.Set.Model = "mainline"
	want, err := g.judge([]*registry.Entry{candidate}, all)
	if err != nil {
		t.Fatal(err)
	}
	got, err := g.judge([]*registry.Entry{candidate}, related.Entries)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(want.Findings, func(f finding.Finding) bool { return f.Rule == "KLP404" }) {
		t.Fatalf("no func is dropped: %v", want.Findings)
	}
	if d := cmp.Diff(voices(want), voices(got)); d != "" {
		t.Errorf("over %d of %d modules (-all +subset):\n%s", len(related.Entries), len(all), d)
	}
}

func checkSubset(t *rapid.T, r *registry.Registry, sampled bool) {
	replace := replaces(rapid.IntRange(0, 2).Draw(t, "field"))
	owner := rapid.SampledFrom([]string{"", "vendor", "customer"})
	var all, group []*registry.Entry
	for i := range rapid.IntRange(1, 14).Draw(t, "registered") {
		all = append(all, &registry.Entry{
			Module: module(t, replace, i), Owner: owner.Draw(t, "owner"), Channel: rapid.SampledFrom([]string{"", "x"}).Draw(t, "channel"),
			State: rapid.SampledFrom([]registry.State{registry.Active, registry.Active, registry.Active, registry.Retired}).Draw(t, "state"),
		})
	}
	question := registry.Question{Kernel: all[0].Kernel()}
	if rapid.IntRange(0, 3).Draw(t, "narrow") == 0 {
		question.Channels = []string{"x"}
	}
	if sampled {
		question.MaxEvicted = 1
	}
	for i := range rapid.IntRange(1, 2).Draw(t, "candidates") {
		e := &registry.Entry{Module: module(t, replace, 100+i), Owner: owner.Draw(t, "owner")}
		group = append(group, e)
		question.Candidates = append(question.Candidates, registry.Asking{Module: e.Module, Owner: e.Owner})
	}
	g := &gate{}
	g.Lint.Set.Model = rapid.SampledFrom([]string{"", "", "", "mainline", "replace-set", "supersedes", "sets-flat", "sets-positional"}).Draw(t, "model")
	g.Lint.Set.ZeroSpecial = rapid.Bool().Draw(t, "zero special")

	related, err := relatedAmong(t.Context(), r, all, question)
	if err != nil {
		t.Fatal(err)
	}
	active := slices.DeleteFunc(all, func(e *registry.Entry) bool {
		return e.State != registry.Active || len(question.Channels) > 0 && !slices.Contains(question.Channels, e.Channel)
	})
	want, err := g.judge(group, active)
	if err != nil {
		t.Fatal(err)
	}
	got, err := g.judge(group, related.Entries)
	if err != nil {
		t.Fatal(err)
	}
	if (len(want.Errors) > 0) != (len(got.Errors) > 0) {
		t.Fatalf("not evaluated: %v, want %v", got.Errors, want.Errors)
	}
	if !related.Sampled {
		if d := cmp.Diff(want.Findings, got.Findings); d != "" {
			t.Fatalf("over %d of %d modules (-all +subset):\n%s", len(related.Entries), len(active), d)
		}
		return
	}
	if d := cmp.Diff(voices(want), voices(got)); d != "" {
		t.Fatalf("over %d of %d modules (-all +subset):\n%s", len(related.Entries), len(active), d)
	}
}

// relatedAmong registers all and asks for what the candidates need of them.
func relatedAmong(ctx context.Context, r *registry.Registry, all []*registry.Entry, q registry.Question) (related *registry.Related, err error) {
	err = r.Write(ctx, func(tx *registry.Tx) error {
		if _, err := tx.Add(all); err != nil {
			return err
		}
		related, err = tx.Related(q)
		return err
	})
	return related, err
}

// voices says which rule speaks of which module, how severely.
func voices(r *lint.Result) []string {
	var out []string
	for i := range r.Findings {
		f := &r.Findings[i]
		out = append(out, fmt.Sprintf("%s %s %v %v", f.Rule, f.Module, f.Severity, f.Undecided))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
