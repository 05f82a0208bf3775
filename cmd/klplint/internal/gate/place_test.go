package gate

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/registry/registrytest"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/rules"
)

// What became active keeps its place: it is not judged as if it came now, and the order is
// the registry's, whatever the names say. Each step is the modules of one call, and whether
// they are admitted.
func TestPlace(t *testing.T) {
	for name, steps := range map[string][]string{
		"a lower version came later":             {"lin_3 r:C pass", "lin_2 r:C,V pass", "lin_4 r:C fail"},
		"a number that is no version":            {"bug_900 r:C pass", "bug_450 n:V pass", "bug_950 r:C fail"},
		"beside what is active, and named along": {"lin_5 r:C,V pass", "oth_1 r:C + lin_5 r:C,V fail"},
		"one by one, and together":               {"cum_1 r:C pass", "hot_1 n:V pass", "cum_1 r:C + hot_1 n:V pass"},
		"signed, when others came":               {"cum_1 r:C pass", "hot_1 n:V pass", "cum_1 r:C signed pass"},
		"new ones come after":                    {"cum_1 r:C pass", "cum_1 r:C + cum_2 r:C,V pass", "cum_1 r:C + cum_3 r:C fail"},
	} {
		t.Run(name, func(t *testing.T) {
			r := registrytest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "r.db"))
			defer r.Close()
			for _, step := range steps {
				want, step := strings.HasSuffix(step, " pass"), step
				text := strings.TrimSuffix(strings.TrimSuffix(step, " pass"), " fail")
				var modules []*klp.Module
				for _, one := range strings.Split(text, " + ") {
					modules = append(modules, placed(one))
				}
				out, err := answer(t.Context(), r, "", finding.Error, false, modules...)
				if err != nil {
					t.Fatal(err)
				}
				if out.Pass != want {
					t.Errorf("%s: pass %v: %v", step, out.Pass, out.Verdict.Findings)
				}
			}
		})
	}
}

// placed makes a module of "NAME r:FUNC,FUNC [signed]"; r replaces, n does not.
func placed(text string) *klp.Module {
	words := strings.Fields(text)
	kind, funcs, _ := strings.Cut(words[1], ":")
	m := registrytest.Module(words[0], registrytest.Flag(kind == "r"), strings.ReplaceAll(funcs, ",", " "), "")
	m.Path = words[0] + ".ko"
	m.UnsignedSHA256 = fmt.Sprintf("%064x", []byte(words[0]+words[1]))[:64]
	m.SHA256 = m.UnsignedSHA256
	if len(words) > 2 {
		m.SHA256 = strings.Repeat("f", 64)
	}
	return m
}

// What was active together comes back together, in the order in which it came.
func TestRestoredTogether(t *testing.T) {
	r := registrytest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "r.db"))
	defer r.Close()
	for _, step := range []string{"cum_1 r:C", "hot_1 n:V", "cum_2 r:C,V"} {
		if out, err := answer(t.Context(), r, "", finding.Error, true, placed(step)); err != nil || !out.Pass {
			t.Fatalf("%s: %v %v", step, err, out.Verdict.Findings)
		}
	}
	err := r.Write(t.Context(), func(tx *registry.Tx) error {
		entries, err := tx.All(registry.Filter{})
		if err != nil {
			return err
		}
		var before []*registry.Entry
		for _, e := range entries {
			if e.State == registry.Active {
				if err := tx.SetState([]*registry.Entry{e}, registry.Retired, registry.RetiredNow, registry.Change{By: "test"}); err != nil {
					return err
				}
				continue
			}
			before = append([]*registry.Entry{e}, before...)
		}
		v, err := Activate(tx, lint.Config{Rules: rules.All(), Set: moduleset.Options{Model: "mainline"}}, policy.Policy{FailOn: finding.Error, Rules: rules.All()}, before, registry.Change{By: "test"})
		if err == nil && (v.ExitCode != 0 || len(before) != 2) {
			t.Errorf("%d come back: %v", len(before), v.Findings)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
