package gate

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/go/analysis"
	"pgregory.net/rapid"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/rules"
)

// bothPatch is a site's own rule over pairs: no built-in rule looks at the length
// of names.
func bothPatch() *rules.Rule {
	return rules.NewSetRule(&rules.Rule{
		Severity: finding.Error, Since: "0.1", Tags: []string{"site"},
		Analyzer: &analysis.Analyzer{Name: "SITE1", Doc: "two modules with names of one length\n\nThey look alike in a table.\n\nFix: rename one."},
	}, func(s *moduleset.Set) ([]finding.Finding, error) {
		var out []finding.Finding
		for _, m := range s.Members {
			for _, other := range s.Members {
				if !m.Baseline && m != other && len(m.Name) == len(other.Name) {
					out = append(out, finding.Finding{Module: m.Path, Message: "as long as " + other.Path})
				}
			}
		}
		return out, nil
	})
}

// What a gate finds beside the modules of a registry is what lint finds beside
// the same modules given with --against, finding by finding: with one, two and
// five candidates, under every model, with a rule of the site's own.
func TestGateAgreesWithLintAgainst(t *testing.T) {
	own := append(rules.All(), bothPatch())
	dir, n := t.TempDir(), 0
	for range 3 { // a hundred sets each
		rapid.Check(t, func(t *rapid.T) {
			n++
			checkAgainst(t, own, filepath.Join(dir, fmt.Sprint(n, ".db")))
		})
	}
}

func checkAgainst(t *rapid.T, own []*rules.Rule, path string) {
	r, err := registry.Open(t.Context(), "sqlite:"+path, registry.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	replace := replaces(rapid.IntRange(0, 2).Draw(t, "field"))
	owner := rapid.SampledFrom([]string{"", "vendor", "customer"})
	var all []*registry.Entry
	for i := range rapid.IntRange(1, 14).Draw(t, "registered") {
		all = append(all, &registry.Entry{
			Module: module(t, replace, i), Owner: owner.Draw(t, "owner"), Channel: rapid.SampledFrom([]string{"", "x"}).Draw(t, "channel"),
			State: rapid.SampledFrom([]registry.State{registry.Active, registry.Active, registry.Active, registry.Retired}).Draw(t, "state"),
		})
	}
	g := &gate{}
	g.Lint.Rules = own
	g.Lint.Set.Model = rapid.SampledFrom([]string{"", "", "", "mainline", "replace-set", "supersedes", "sets-flat", "sets-positional"}).Draw(t, "model")
	g.Lint.Set.ZeroSpecial = rapid.Bool().Draw(t, "zero special")
	if rapid.IntRange(0, 3).Draw(t, "narrow") == 0 {
		g.Channels, g.Channel = []string{"x"}, "x"
	}
	var group []*registry.Entry
	var members []*moduleset.Member
	for i := range rapid.SampledFrom([]int{1, 1, 2, 5}).Draw(t, "candidates") {
		e := &registry.Entry{Module: module(t, replace, 100+i), Owner: owner.Draw(t, "owner"), Channel: g.Channel}
		group = append(group, e)
		m := moduleset.NewMember(e.Module, false)
		m.Owner, m.Channel = e.Owner, e.Channel
		members = append(members, m)
	}
	active := 0
	for _, e := range all {
		if e.State != registry.Active || len(g.Channels) > 0 && !slices.Contains(g.Channels, e.Channel) {
			continue
		}
		active++
		file := *e.Module
		file.Path = e.Path()
		m := moduleset.NewMember(&file, true)
		m.Owner, m.Channel = e.Owner, e.Channel
		members = append(members, m)
	}
	want, err := lint.RunSet(g.Lint, members, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got *comparison
	err = r.Write(t.Context(), func(tx *registry.Tx) error {
		if _, err := tx.Add(all, registry.Added); err != nil {
			return err
		}
		got, err = g.compare(tx, group)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.baseline) != active {
		t.Fatalf("%d modules compared, want %d", len(got.baseline), active)
	}
	if d := cmp.Diff(want.Findings, got.result.Findings); d != "" {
		t.Fatalf("(-lint +gate):\n%s", d)
	}
	if d := cmp.Diff(want.NotEvaluated, got.result.NotEvaluated); d != "" {
		t.Fatalf("not evaluated (-lint +gate):\n%s", d)
	}
}
