package lint

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/rules"
)

func run(t *testing.T, c Config, disk files) *Result {
	t.Helper()
	c.newReader = disk.newReader
	r, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func diff(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Module{}), cmpopts.IgnoreFields(Module{}, "Release", "Size", "Compression"), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestFarmRuleRunsBesideTheOthers(t *testing.T) {
	proprietary := module("b.ko", "two")
	proprietary.Modinfo.Entries[1].Value = "Proprietary"
	r := run(t, Config{
		Rules:  append(moduleRules(), rule("FARM1", everyFunc)),
		Inputs: named("b.ko", "a.ko"),
	}, files{"a.ko": module("a.ko", "one"), "b.ko": proprietary})
	diff(t, "findings", []string{
		"a.ko FARM1 error func one",
		"b.ko FARM1 error func two",
		`b.ko KLP102 error licence "Proprietary" is not GPL-compatible`,
	}, messages(r))
	diff(t, "modules", []Module{{Path: "a.ko", Name: "a"}, {Path: "b.ko", Name: "b"}}, r.Modules)
	diff(t, "summary", Summary{Modules: 2, Error: 3}, r.Summary)
}

func TestOtherFiles(t *testing.T) {
	disk := files{
		"fix.ko":    module("fix.ko", "f"),
		"ext4.ko":   {Path: "ext4.ko", Name: "ext4", Kind: klp.KindModule},
		"walked.ko": {Path: "walked.ko", Kind: klp.KindModule},
	}
	inputs := append(named("ext4.ko", "fix.ko", "gone.ko", "panic.ko"), Source{Path: "walked.ko"}, Source{Path: "walked-gone.ko"})
	r := run(t, Config{Rules: moduleRules(), Inputs: inputs}, disk)
	diff(t, "findings", []string{"ext4.ko KLP100 warning not a livepatch module: an ordinary kernel module"}, messages(r))
	diff(t, "modules", []Module{
		{Path: "ext4.ko", Name: "ext4", NoLivepatch: true},
		{Path: "fix.ko", Name: "fix"},
		{Path: "gone.ko", Errored: true},
		{Path: "panic.ko", Errored: true},
		{Path: "walked-gone.ko", Errored: true},
	}, r.Modules)
	diff(t, "errors", []Error{
		{Path: "gone.ko", Section: ".symtab", Offset: 64, Message: "truncated"},
		{Path: "panic.ko", Message: "internal error: reader"},
		{Path: "walked-gone.ko", Section: ".symtab", Offset: 64, Message: "truncated"},
	}, r.Errors)
	diff(t, "summary", Summary{Modules: 1, Skipped: 2, Errors: 3, Warning: 1}, r.Summary)
}

func TestRuleThatPanics(t *testing.T) {
	boom := rule("FARM1", func(pass *analysis.Pass) (any, error) {
		if moduleOf(pass).Path == "b.ko" {
			panic("boom")
		}
		return []finding.Finding{{Message: "fine"}}, nil
	})
	wrong := rule("FARM2", func(*analysis.Pass) (any, error) { return "no findings", nil })
	failing := rule("FARM3", func(*analysis.Pass) (any, error) { return nil, errors.New("no such table") })
	half := rule("FARM4", func(*analysis.Pass) (any, error) {
		return []finding.Finding{{Message: "seen so far"}}, &rules.MissingInput{Needs: "symbols of ext4"}
	})
	for _, jobs := range []int{1, 4} {
		r := run(t, Config{Rules: []*rules.Rule{boom, wrong, failing, half}, Inputs: named("a.ko", "b.ko"), Jobs: jobs},
			files{"a.ko": module("a.ko", "f"), "b.ko": module("b.ko", "f")})
		diff(t, "findings", []string{
			"a.ko FARM1 error fine", "a.ko FARM4 error seen so far", "b.ko FARM4 error seen so far",
		}, messages(r))
		var errs []string
		for _, e := range r.Errors {
			errs = append(errs, e.Path+" "+e.Rule+" "+e.Message)
		}
		diff(t, "errors", []string{
			"a.ko FARM2 the rule returned a result of type string, but declares []finding.Finding",
			"a.ko FARM3 no such table",
			"b.ko FARM1 rule panicked: boom",
			"b.ko FARM2 the rule returned a result of type string, but declares []finding.Finding",
			"b.ko FARM3 no such table",
		}, errs)
		diff(t, "not evaluated", []NotEvaluated{{Rule: "FARM4", Needs: "symbols of ext4"}}, r.NotEvaluated)
		diff(t, "modules", []Module{{Path: "a.ko", Name: "a", Errored: true}, {Path: "b.ko", Name: "b", Errored: true}}, r.Modules)
	}
}

// A farm's rules may share a prerequisite of their own; it runs once a module,
// and if it fails that is told once.
func TestPrerequisiteOfAFarm(t *testing.T) {
	var calls atomic.Int64
	var seen []string
	upper := &analysis.Analyzer{
		Name: "upper", Doc: "upper-case names", Requires: []*analysis.Analyzer{rules.ModuleInput},
		Run: func(pass *analysis.Pass) (any, error) {
			calls.Add(1)
			if moduleOf(pass).Path == "b.ko" {
				return nil, errors.New("cannot")
			}
			return nil, nil
		},
	}
	use := func(id string) *rules.Rule {
		return rule(id, func(pass *analysis.Pass) (any, error) {
			if _, ok := pass.ResultOf[upper]; !ok || len(pass.ResultOf) != 1 {
				t.Errorf("%s: results %v, want only that of upper", id, pass.ResultOf)
			}
			seen = append(seen, id+" "+pass.OtherFiles[0])
			return []finding.Finding(nil), nil
		}, upper)
	}
	r := run(t, Config{Rules: []*rules.Rule{use("FARM1"), use("FARM2")}, Inputs: named("a.ko", "b.ko"), Jobs: 1},
		files{"a.ko": module("a.ko", "f"), "b.ko": module("b.ko", "f")})
	diff(t, "runs", []string{"FARM1 a.ko", "FARM2 a.ko"}, seen)
	if calls.Load() != 2 {
		t.Errorf("the prerequisite ran %d times, want once a module", calls.Load())
	}
	diff(t, "errors", []Error{{Path: "b.ko", Rule: "upper", Message: "cannot"}}, r.Errors)
	diff(t, "not evaluated", []NotEvaluated{
		{Rule: "FARM1", Module: "b.ko", Needs: "upper"}, {Rule: "FARM2", Module: "b.ko", Needs: "upper"},
	}, r.NotEvaluated)
}

// An analyzer that knows nothing of rules.Finding reports diagnostics.
func TestDiagnosticsBecomeFindings(t *testing.T) {
	plain := rule("FARM1", func(pass *analysis.Pass) (any, error) {
		var file *token.File
		pass.Fset.Iterate(func(f *token.File) bool { file = f; return false })
		pass.Report(analysis.Diagnostic{Pos: file.Pos(170), Message: "here", Related: []analysis.RelatedInformation{
			{Pos: file.Pos(64), Message: "because of this"},
		}})
		pass.Report(analysis.Diagnostic{Message: "nowhere"})
		return nil, nil
	})
	plain.Analyzer.ResultType = nil
	for range 2 {
		r := run(t, Config{Rules: []*rules.Rule{plain}, Inputs: named("a.ko"), Jobs: 1}, files{"a.ko": module("a.ko", "f")})
		diff(t, "findings", []finding.Finding{
			{Rule: "FARM1", Severity: finding.Error, Module: "a.ko", Message: "nowhere"},
			{
				Rule: "FARM1", Severity: finding.Error, Module: "a.ko", Message: "here",
				Location: klp.Location{Section: ".data", Offset: 6, File: 170},
				Related: []finding.Related{{
					Module: "a.ko", Message: "because of this", Location: klp.Location{Section: ".text", File: 64},
				}},
			},
		}, r.Findings)
	}
}

func TestKernelIsAskedPerModule(t *testing.T) {
	needs := rule("FARM1", func(pass *analysis.Pass) (any, error) {
		k := pass.ResultOf[rules.KernelInput].(klp.Target)
		return []finding.Finding{{Message: "for " + k.Behaviour().Release}}, nil
	}, rules.ModuleInput, rules.KernelInput)
	plain := rule("FARM2", func(*analysis.Pass) (any, error) { return []finding.Finding(nil), nil })
	disk := files{"a.ko": module("a.ko", "f"), "b.ko": module("b.ko", "f")}
	c := Config{Rules: []*rules.Rule{needs, plain}, Inputs: named("a.ko", "b.ko")}

	r := run(t, c, disk)
	diff(t, "without kernel", []NotEvaluated{{Rule: "FARM1", Needs: "kernel"}}, r.NotEvaluated)
	diff(t, "errored", false, r.Modules[0].Errored)

	c.Target = func(m *klp.Module) klp.Target {
		if m.Path == "a.ko" {
			return target{}
		}
		return nil
	}
	r = run(t, c, disk)
	diff(t, "findings", []string{"a.ko FARM1 error for 6.12.111"}, messages(r))
	diff(t, "with a kernel for one", []NotEvaluated{{Rule: "FARM1", Module: "b.ko", Needs: "kernel"}}, r.NotEvaluated)
}

func TestSetRules(t *testing.T) {
	count := rule("FARM1", func(pass *analysis.Pass) (any, error) {
		s := pass.ResultOf[rules.SetInput].(*moduleset.Set)
		var findings []finding.Finding
		for _, m := range s.Members {
			if !m.Baseline {
				findings = append(findings, finding.Finding{
					Module: m.Path, Message: fmt.Sprintf("one of %d for %s, files %v", len(s.Members), m.Release, pass.OtherFiles),
				})
			}
		}
		return findings, nil
	}, rules.SetInput)
	older := module("old.ko", "h")
	older.Vermagic.Release = "6.1.0"
	arm := module("arm.ko", "h")
	arm.Arch = klp.ARM64
	rt := module("rt.ko", "f")
	rt.Vermagic.Flags = []string{"SMP", "preempt_rt"}
	unknown := module("unknown.ko", "h")
	unknown.Vermagic = klp.Vermagic{}
	disk := files{
		"a.ko": module("a.ko", "f"), "b.ko": module("b.ko", "g"), "base.ko": module("base.ko", "f"), "old.ko": older,
		"arm.ko": arm, "rt.ko": rt, "unknown.ko": unknown, "target.ko": {Path: "target.ko", Kind: klp.KindModule},
	}
	for _, jobs := range []int{1, 8} {
		r := run(t, Config{
			Rules: []*rules.Rule{count}, Jobs: jobs,
			Inputs:   named("a.ko", "old.ko", "b.ko", "arm.ko", "rt.ko", "unknown.ko", "target.ko"),
			Baseline: append(named("base.ko", "gone.ko", "target.ko"), Source{Path: "target.ko"}),
		}, disk)
		diff(t, "findings", []string{
			"a.ko FARM1 error one of 3 for 6.12.111, files [a.ko b.ko base.ko]",
			"b.ko FARM1 error one of 3 for 6.12.111, files [a.ko b.ko base.ko]",
		}, messages(r))
		diff(t, "not evaluated", []NotEvaluated{
			{Rule: "FARM1", Module: "arm.ko", Needs: "set"},
			{Rule: "FARM1", Module: "old.ko", Needs: "set"},
			{Rule: "FARM1", Module: "rt.ko", Needs: "set"}, // the flags of its kernel differ
			{Rule: "FARM1", Module: "unknown.ko", Needs: "set"},
		}, r.NotEvaluated)
		diff(t, "errors", []Error{
			{Path: "gone.ko", Section: ".symtab", Offset: 64, Message: "truncated"},
			{Path: "target.ko", Message: "not a livepatch module, and no baseline"},
		}, r.Errors)
		if r.Summary.Modules != 6 {
			t.Errorf("%d modules, want the candidates alone: 6", r.Summary.Modules)
		}
	}

	// Without another livepatch there is nothing to compare.
	r := run(t, Config{Rules: []*rules.Rule{count}, Inputs: named("a.ko")}, disk)
	diff(t, "alone", []NotEvaluated{{Rule: "FARM1", Needs: "set"}}, r.NotEvaluated)

	// Modules that do not tell their kernel may or may not meet.
	twin := module("twin.ko", "h")
	twin.Vermagic = klp.Vermagic{}
	disk["twin.ko"] = twin
	r = run(t, Config{Rules: []*rules.Rule{count}, Inputs: named("unknown.ko", "twin.ko")}, disk)
	diff(t, "no release", []NotEvaluated{{Rule: "FARM1", Needs: "vermagic"}}, r.NotEvaluated)
}

func TestSetRuleThatBreaksOff(t *testing.T) {
	boom := rule("FARM1", func(*analysis.Pass) (any, error) { panic("boom") }, rules.SetInput)
	fine := rule("FARM2", everyFunc)
	r := run(t, Config{Rules: []*rules.Rule{boom, fine}, Inputs: named("a.ko", "b.ko")},
		files{"a.ko": module("a.ko", "f"), "b.ko": module("b.ko", "g")})
	diff(t, "findings", []string{"a.ko FARM2 error func f", "b.ko FARM2 error func g"}, messages(r))
	diff(t, "errors", []Error{
		{Path: "a.ko", Rule: "FARM1", Message: "rule panicked: boom"},
		{Path: "b.ko", Rule: "FARM1", Message: "rule panicked: boom"},
	}, r.Errors)
	diff(t, "modules", []Module{{Path: "a.ko", Name: "a", Errored: true}, {Path: "b.ko", Name: "b", Errored: true}}, r.Modules)
}

func TestResultDoesNotDependOnJobs(t *testing.T) {
	disk := files{}
	var inputs []Source
	for i := range 300 {
		path := fmt.Sprintf("m%03d.ko", (i*7)%300)
		inputs = append(inputs, Source{Path: path, Named: i%2 == 0})
		m := module(path, fmt.Sprint("f", i%10))
		switch i % 5 {
		case 1:
			m.Modinfo.Entries[1].Value = "Proprietary"
			m.Patch.Objects = append(m.Patch.Objects, m.Patch.Objects...)
		case 2:
			continue // unreadable
		case 3:
			m.Kind = klp.KindModule
		}
		disk[path] = m
	}
	all := append(rules.All(), rule("FARM1", everyFunc))
	var want *Result
	for _, jobs := range []int{1, 2, 8, 64} {
		got := run(t, Config{Rules: all, Inputs: inputs, Jobs: jobs}, disk)
		if want == nil {
			want = got
			continue
		}
		diff(t, fmt.Sprint("-j", jobs), want, got)
	}
	if len(want.Findings) < 300 || len(want.Errors) != 60 {
		t.Errorf("%d findings, %d errors: the corpus is too tame", len(want.Findings), len(want.Errors))
	}
}

func TestCancellationEndsAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	blocked := make(chan struct{})
	started := make(chan struct{}, 8)
	block := rule("FARM1", func(*analysis.Pass) (any, error) {
		started <- struct{}{}
		<-blocked
		return []finding.Finding(nil), nil
	})
	go func() {
		<-started
		cancel()
	}()
	r, err := Run(ctx, Config{
		Rules: []*rules.Rule{block}, Inputs: named("a.ko", "b.ko", "a.ko", "b.ko"), Jobs: 2,
		newReader: files{"a.ko": module("a.ko", "f"), "b.ko": module("b.ko", "f")}.newReader,
	})
	close(blocked) // Run came back although the rule hung
	if !errors.Is(err, context.Canceled) || r != nil {
		t.Errorf("result %v, error %v", r, err)
	}
}

func TestProgressCountsEveryFile(t *testing.T) {
	disk := files{"a.ko": module("a.ko", "f")}
	inputs := make([]Source, 50)
	for i := range inputs {
		inputs[i] = Source{Path: "a.ko"}
	}
	inputs[7].Path = "gone.ko"
	last := 0
	run(t, Config{Rules: moduleRules(), Inputs: inputs, Jobs: 4, Progress: func(done, total int) {
		if done != last+1 || total != len(inputs) {
			t.Errorf("%d of %d after %d", done, total, last)
		}
		last = done
	}}, disk)
	if last != len(inputs) {
		t.Errorf("ended at %d", last)
	}
}

func TestContentIsReadInsteadOfThePath(t *testing.T) {
	stored := []byte("bytes of the module")
	whole := rule("FARM1", func(pass *analysis.Pass) (any, error) {
		content, err := pass.ReadFile(pass.OtherFiles[0])
		return []finding.Finding{{Message: string(content)}}, err
	})
	c := Config{Rules: []*rules.Rule{whole}, Inputs: []Source{{
		Path: "-", Named: true, Content: bytes.NewReader(stored), Size: int64(len(stored)),
	}}}
	r := run(t, c, files{"-": module("-", "f")})
	diff(t, "findings", []string{"- FARM1 error bytes of the module"}, messages(r))
}

func TestConfigurationIsCheckedFirst(t *testing.T) {
	ok := func(*analysis.Pass) (any, error) { return []finding.Finding(nil), nil }
	changed := func(change func(*rules.Rule)) *rules.Rule {
		r := rule("FARM1", ok)
		change(r)
		return r
	}
	tests := []struct {
		name string
		c    Config
		want string
	}{
		{"same ID twice", Config{Rules: []*rules.Rule{rule("FARM1", ok), rule("FARM1", ok)}}, "duplicate ID"},
		{"no analyzer", Config{Rules: []*rules.Rule{{}}}, "no analyzer"},
		{"no identifier", Config{Rules: []*rules.Rule{rule("farm-1", ok)}}, "invalid analyzer name"},
		{"no run", Config{Rules: []*rules.Rule{rule("FARM1", nil)}}, "nil Run"},
		{"nothing to judge", Config{Rules: []*rules.Rule{rule("FARM1", ok, rules.KernelInput)}}, "must require either module or set"},
		{"both", Config{Rules: []*rules.Rule{rule("FARM1", ok, rules.ModuleInput, rules.SetInput)}}, "must require either"},
		{"other result", Config{Rules: []*rules.Rule{changed(func(r *rules.Rule) { r.Analyzer.ResultType = findingsType.Elem() })}}, "result type"},
		{"not a severity", Config{Rules: []*rules.Rule{changed(func(r *rules.Rule) { r.Severity = 0 })}}, "not a severity"},
		{"no fix", Config{Rules: []*rules.Rule{changed(func(r *rules.Rule) { r.Analyzer.Doc = "title\n\nreason\n\nmore" })}}, "Fix: "},
		{"no reason", Config{Rules: []*rules.Rule{changed(func(r *rules.Rule) { r.Analyzer.Doc = "title\n\nFix: it" })}}, "no title, reason and fix"},
		{"no title", Config{Rules: []*rules.Rule{changed(func(r *rules.Rule) { r.Analyzer.Doc = "two\nlines\n\nreason\n\nFix: it" })}}, "title line"},
		{"unknown rule", Config{Enable: []string{"KLP999"}}, `no rule has the ID or tag "KLP999"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := Run(t.Context(), test.c)
			if r != nil || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("result %v, error %v; want %q", r, err, test.want)
			}
		})
	}
}

func TestNonDefaultRulesWaitToBeEnabled(t *testing.T) {
	m := module("a.ko", "f")
	m.Modinfo.Entries = append(m.Modinfo.Entries, klp.ModinfoEntry{Key: "depends", Value: "ext4"})
	c := Config{Rules: moduleRules(), Inputs: named("a.ko")}
	diff(t, "by default", []string{}, messages(run(t, c, files{"a.ko": m})))
	c.Enable = []string{"KLP505"}
	diff(t, "enabled", []string{"a.ko KLP505 info the module depends on ext4"}, messages(run(t, c, files{"a.ko": m})))
}

// The digest of a source is that of its bytes, in memory or in a file.
func TestDigest(t *testing.T) {
	content := []byte("klp")
	path := filepath.Join(t.TempDir(), "a.ko")
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	j := &job{open: map[string]*Source{"member.ko": {Path: "member.ko", Content: bytes.NewReader(content), Size: 3}}}
	want := fmt.Sprintf("%x", sha256.Sum256(content))
	for _, p := range []string{path, "member.ko"} {
		if got, err := j.digest(p); got != want || err != nil {
			t.Errorf("%s: %q, %v", p, got, err)
		}
	}
	if _, err := j.digest(path + "x"); err == nil {
		t.Error("no error for a file that is not there")
	}
}

// The set rules over members that a caller kept elsewhere say what Run says of
// the same modules, and judge a candidate that is alone.
func TestRunSet(t *testing.T) {
	disk := files{"a.ko": module("a.ko", "f"), "b.ko": module("b.ko", "f")}
	for _, m := range disk {
		m.Replace.Flag = false
	}
	var kept []*klp.Module
	alone := run(t, Config{Inputs: named("a.ko"), ModuleRulesOnly: true, Keep: func(m *klp.Module) { kept = append(kept, m) }}, disk)
	for _, n := range alone.NotEvaluated {
		if n.Needs == "set" {
			t.Errorf("%s waits for a set", n.Rule)
		}
	}
	whole := run(t, Config{Inputs: named("a.ko"), Baseline: named("b.ko")}, disk)
	set, err := RunSet(Config{}, []*moduleset.Member{moduleset.NewMember(kept[0], false), moduleset.NewMember(disk["b.ko"], true)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Findings) == 0 {
		t.Error("nothing was found")
	}
	alone = alone.Merged(set)
	diff(t, "findings", whole.Findings, alone.Findings)
	diff(t, "not evaluated", whole.NotEvaluated, alone.NotEvaluated)
	diff(t, "modules", whole.Modules, alone.Modules)
	diff(t, "summary", whole.Summary, alone.Summary)

	single, err := RunSet(Config{}, []*moduleset.Member{moduleset.NewMember(kept[0], false)}, nil)
	if err != nil || len(single.Findings)+len(single.NotEvaluated)+len(single.Errors) > 0 {
		t.Errorf("%+v, %v", single, err)
	}
	if _, err := RunSet(Config{}, nil, nil); err == nil {
		t.Error("a set without candidate was judged")
	}
}
