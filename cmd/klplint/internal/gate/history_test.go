package gate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/registry/registrytest"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/rules"
)

// world is the reference: a list of modules, where everything is compared with
// everything, under mainline.
type world struct {
	rows []*rowOf
	step int
}

type rowOf struct {
	m        *klp.Module
	state    registry.State
	channel  string
	judged   bool
	since    int               // the step in which it became active
	by       string            // sha256 of what replaced it
	policies map[string]string // statement by policy
}

func (w *world) find(m *klp.Module, channel string) *rowOf {
	for _, r := range w.rows {
		if r.m.UnsignedSHA256 == m.UnsignedSHA256 && r.channel == channel {
			return r
		}
	}
	return nil
}

func (w *world) active(m *klp.Module) (out []*rowOf) {
	for _, r := range w.rows {
		same := r.m.Vermagic.Release == m.Vermagic.Release && strings.Join(r.m.Vermagic.Flags, " ") == strings.Join(m.Vermagic.Flags, " ")
		if r.state == registry.Active && same && r.m.UnsignedSHA256 != m.UnsignedSHA256 {
			out = append(out, r)
		}
	}
	return out
}

// beside are those that m is held against: what is active, or, where a gate admitted it to
// the channel before, what was then, and what no gate has judged.
func (w *world) beside(m *klp.Module, channel string) []*rowOf {
	own := w.find(m, channel)
	if own == nil || own.state != registry.Active || !own.judged {
		return w.active(m)
	}
	return slices.DeleteFunc(w.active(m), func(r *rowOf) bool { return r.since > own.since && r.judged })
}

func funcs(m *klp.Module) (out []string) {
	for _, o := range m.Patch.Objects {
		for _, f := range o.Funcs {
			out = append(out, o.Name+":"+f.Name)
		}
	}
	return out
}

// worst is how bad the worst is that can be said of m beside others:
// 2 an error, 1 a warning, 0 nothing.
func worst(m *klp.Module, active []*rowOf) int {
	bad := 0
	version := make(map[uint64]uint32)
	for _, s := range m.Patch.States {
		version[s.ID] = s.Version
	}
	for _, a := range active {
		if a.m.Name == m.Name {
			bad = 2 // one name can be loaded once
		}
		for _, s := range a.m.Patch.States {
			v, has := version[s.ID]
			if has && v < s.Version || !has && m.Replace.Flag {
				bad = 2 // klp_is_patch_compatible()
			}
		}
		for _, f := range funcs(a.m) {
			if slices.Contains(funcs(m), f) && !m.Replace.Flag {
				bad = max(bad, 1) // the newer one wins
			}
			replaced := slices.ContainsFunc(active, func(b *rowOf) bool {
				return b.m.Replace.Flag && b.channel == a.channel && names.Stem(b.m.Name, "") == names.Stem(a.m.Name, "") && b.since > a.since
			})
			if m.Replace.Flag && !replaced && !slices.Contains(funcs(m), f) {
				bad = 2 // a fix is reverted
			}
		}
	}
	return bad
}

// world's modules: of one vendor, on two kernels that differ in a flag alone.
func drawn(t *rapid.T, i int) *klp.Module {
	pick := func(label string, most int, of ...string) string {
		return strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, most, rapid.ID[string]).Draw(t, label), " ")
	}
	name := fmt.Sprintf("%s_%d", rapid.SampledFrom([]string{"fix", "cve", "hot"}).Draw(t, "stem"), rapid.IntRange(1, 5).Draw(t, "version"))
	m := registrytest.Module(name, registrytest.Flag(rapid.IntRange(0, 3).Draw(t, "replace") == 0), "own "+pick("funcs", 3, "a", "b", "c", "d"), "")
	if rapid.Bool().Draw(t, "has states") {
		m.Patch.HasStates = true
		for id := uint64(1); id <= 2; id++ {
			if v := rapid.Uint32Range(0, 2).Draw(t, "state"); v > 0 {
				m.Patch.States = append(m.Patch.States, klp.State{ID: id, Version: v})
			}
		}
	}
	m.Patch.Objects[0].Funcs[0].Name = fmt.Sprintf("own_%d", rapid.IntRange(0, 3).Draw(t, "own"))
	m.Path, m.SHA256 = fmt.Sprintf("build/%d.ko", i), fmt.Sprintf("%064x", i+1)
	m.UnsignedSHA256 = m.SHA256
	if rapid.IntRange(0, 4).Draw(t, "rt") == 0 {
		m.Vermagic.Flags = []string{"SMP", "preempt_rt"}
	}
	return m
}

// answer runs the gate over modules that are sound by themselves.
func answer(ctx context.Context, r *registry.Registry, channel string, failOn finding.Severity, retire bool, modules ...*klp.Module) (*Outcome, error) {
	all := rules.All()
	g := &gate{Config: Config{
		Registry: r, Channel: channel, By: "test", At: "2026-01-01T00:00:00Z", RetireReplaced: retire,
		Policy: policy.Policy{Gate: true, FailOn: failOn, Rules: all},
		Basis:  Basis{Version: "test", Rules: all, Settings: map[string]string{"fail-on": failOn.String()}},
	}}
	g.Lint.Rules, g.Lint.Set.Model = all, "mainline"
	g.modules = modules
	g.alone = &lint.Result{Summary: lint.Summary{Modules: len(modules)}}
	for _, m := range modules {
		g.alone.Modules = append(g.alone.Modules, lint.Module{Path: m.Path, Name: m.Name, SHA256: m.SHA256})
	}
	var out *Outcome
	err := r.Write(ctx, func(tx *registry.Tx) error {
		var err error
		out, err = g.transaction(tx)
		return err
	})
	return out, err
}

// Through random histories of what a farm does the gate's every answer is that of
// the reference: whether it admits, as what, beside how many, and with which
// statement. KLPLINT_HISTORIES=1 goes through five hundred.
func TestHistories(t *testing.T) {
	dir, n := t.TempDir(), 0
	rounds := 1 // of a hundred histories
	if os.Getenv("KLPLINT_HISTORIES") != "" {
		rounds = 5
	}
	for range rounds {
		rapid.Check(t, func(t *rapid.T) {
			n++
			checkHistory(t, filepath.Join(dir, fmt.Sprint(n, ".db")))
		})
	}
}

func checkHistory(t *rapid.T, path string) {
	r, err := registry.Open(t.Context(), "sqlite:"+path, registry.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	w := &world{}
	var built []*klp.Module
	for range rapid.IntRange(5, 25).Draw(t, "steps") {
		m := drawn(t, len(built))
		if len(built) > 0 && rapid.IntRange(0, 2).Draw(t, "again") == 0 {
			m = rapid.SampledFrom(built).Draw(t, "which")
		} else {
			built = append(built, m)
		}
		channel := rapid.SampledFrom([]string{"", "", "x"}).Draw(t, "channel")
		row := w.find(m, channel)
		w.step++
		switch step := rapid.SampledFrom([]string{"add", "gate", "gate", "gate", "gate strictly", "gate and retire", "retire", "activate"}).Draw(t, "step"); step {
		case "add":
			e := &registry.Entry{Module: m, Channel: channel, State: registry.Active}
			if err := r.Write(t.Context(), func(tx *registry.Tx) error { _, err := tx.Add([]*registry.Entry{e}, registry.Added); return err }); err != nil {
				t.Fatal(err)
			}
			if row == nil {
				w.rows = append(w.rows, &rowOf{m: m, state: registry.Active, channel: channel, since: w.step, policies: map[string]string{}})
			}
		case "retire", "activate":
			if row == nil {
				continue
			}
			var verdict *policy.Verdict
			err := r.Write(t.Context(), func(tx *registry.Tx) error {
				entries, err := tx.All(registry.Filter{SHA256: m.SHA256, Channels: []string{channel}})
				if err != nil {
					return err
				}
				entries = slices.DeleteFunc(entries, func(e *registry.Entry) bool { return e.Channel != channel })
				if step == "retire" {
					return tx.SetState(entries, registry.Retired, registry.RetiredNow, registry.Change{By: "test"})
				}
				verdict, err = Activate(tx, lint.Config{Rules: rules.All(), Set: moduleset.Options{Model: "mainline"}}, policy.Policy{FailOn: finding.Error, Rules: rules.All()}, entries, registry.Change{By: "test"})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case step == "retire":
				row.state, row.by, row.policies = registry.Retired, "", map[string]string{}
			case row.state != registry.Active:
				if pass := worst(m, w.active(m)) < 2; pass != (verdict.ExitCode == 0) {
					t.Fatalf("activate %s: %v, the reference says %v", m.Name, verdict.Findings, pass)
				} else if pass {
					row.state, row.since = registry.Active, w.step
				}
			}
		default:
			failOn, limit := finding.Error, 2
			if step == "gate strictly" {
				failOn, limit = finding.Warning, 1
			}
			retire := step == "gate and retire"
			out, err := answer(t.Context(), r, channel, failOn, retire, m)
			if err != nil {
				t.Fatal(err)
			}
			w.compare(t, out, m, channel, row, failOn.String(), worst(m, w.beside(m, channel)) < limit, retire)
		}
	}
	err = r.Read(t.Context(), func(tx *registry.Tx) error {
		problems, err := tx.Verify()
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// compare holds an answer against what the reference expects, and takes it over.
func (w *world) compare(t *rapid.T, out *Outcome, m *klp.Module, channel string, row *rowOf, policy string, pass, retire bool) {
	status, compared := Refused, len(w.beside(m, channel))
	standing := row != nil && row.state == registry.Active
	before := ""
	if standing && row.judged {
		before = row.policies[policy]
	}
	switch {
	case before != "":
		pass, status, compared = true, Already, 0
	case pass && standing && row.judged:
		status = Already
	case pass:
		status = Admitted
	}
	if out.Pass != pass || out.Modules[0].Status != status || out.Compared != compared {
		t.Fatalf("%s: pass %v as %q beside %d; the reference says %v, %q, %d: %v", m.Name, out.Pass, out.Modules[0].Status, out.Compared, pass, status, compared, out.Verdict.Findings)
	}
	if before != "" {
		if string(out.Statement) != before {
			t.Fatalf("%s: the statement differs from the one of the same policy:\n%s\n%s", m.Name, out.Statement, before)
		}
		return
	}
	s, err := ReadStatement(out.Statement)
	if err != nil {
		t.Fatal(err)
	}
	if why := s.Permits(m.SHA256); (why == "") != pass || s.Predicate.Klplint.Registry.Compared != compared {
		t.Fatalf("%s: the statement permits %q of %d compared", m.Name, why, s.Predicate.Klplint.Registry.Compared)
	}
	if compared == 0 && slices.Contains(s.Predicate.Passed, "KLP401") {
		t.Fatalf("%s: beside nothing KLP401 passed", m.Name)
	}
	if !pass {
		return
	}
	if row == nil {
		row = &rowOf{m: m, channel: channel}
		w.rows = append(w.rows, row)
	}
	if !standing {
		row.policies = map[string]string{}
		for _, a := range w.active(m) {
			if retire && m.Replace.Flag && a.channel == channel {
				a.state, a.by, a.policies = registry.Retired, m.SHA256, map[string]string{}
			}
		}
	}
	if !standing || !row.judged {
		row.since = w.step
	}
	row.state, row.judged, row.m = registry.Active, true, m
	row.policies[policy] = string(out.Statement)
}
