package policy

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/cmd/klplint/internal/manifest"
	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/rules"
)

func judge(t *testing.T, r *rules.Rule, module string) []string {
	t.Helper()
	result, err := lint.Run(t.Context(), lint.Config{Rules: []*rules.Rule{r}, Enable: []string{r.ID()}, Inputs: []lint.Source{{Path: module, Named: true}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Errors) > 0 {
		t.Fatalf("errors: %v", result.Errors)
	}
	out := []string{}
	for _, f := range result.Findings {
		out = append(out, f.Message)
	}
	return out
}

func TestExpected(t *testing.T) {
	for _, test := range []struct {
		name, module, manifest string
		want                   []string
	}{
		{"as it should be", "static/one-func.ko", "vmlinux cmdline_proc_show\n", nil},
		{"sympos 0 and 1 are one", "static/one-func.ko", "vmlinux cmdline_proc_show,1\n", nil},
		{
			"missing", "static/one-func.ko", "vmlinux cmdline_proc_show\next4 ext4_iget,2\n",
			[]string{"func ext4_iget,2 of ext4, which the manifest has, is not patched"},
		},
		{
			"additional", "static/one-func.ko", "[static_one_func]\n",
			[]string{"the manifest does not have func cmdline_proc_show of vmlinux"},
		},
		{"conditional", "static/one-func.ko", "vmlinux cmdline_proc_show\nvmlinux x klpp_x #if A\n", nil},
		{
			"other replacement", "static/one-func.ko", "vmlinux cmdline_proc_show klpp_cmdline_proc_show\n",
			[]string{"func cmdline_proc_show of vmlinux is replaced by klp_cmdline_proc_show, the manifest says klpp_cmdline_proc_show"},
		},
		{"other module", "static/one-func.ko", "[klp]\nvmlinux cmdline_proc_show\n", []string{"the manifest has no module static_one_func"}},
		{
			"replace", "static/replace.ko", `{"schema": 1, "modules": [{"name": "static_replace", "replace": {"kind": "flag"}, "states": [{"id": 7, "version": 1}], "funcs": [{"object": "vmlinux", "name": "cmdline_proc_show"}]}]}`,
			[]string{"state 7, which the manifest has, is missing", "the module has replace: true, the manifest says replace: false"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := manifest.Parse([]byte(test.manifest))
			if err != nil {
				t.Fatal(err)
			}
			got := judge(t, klp580(m), "../../../../fixtures/"+test.module)
			slices.Sort(got)
			if !slices.Equal(got, test.want) && len(got)+len(test.want) > 0 {
				t.Errorf("findings %q, want %q", got, test.want)
			}
		})
	}
}

// What klplint dump writes of a module is what the module is.
func TestManifestOfItself(t *testing.T) {
	for _, name := range []string{"static/states.ko", "static/many.ko", "kpatch/many.ko", "klp-build/many.ko", "sets/sets-many.ko", "sets/supersedes.ko"} {
		path := "../../../../fixtures/" + name
		m, err := elfread.Open(path, elfread.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		w := manifest.NewWriter(&b)
		if err := w.Module(m); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		expected, err := manifest.Parse([]byte(b.String()))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := judge(t, klp580(expected), path); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestJumpTable(t *testing.T) {
	if got := judge(t, klp581(), "../../../../fixtures/static/one-func.ko"); len(got) > 0 {
		t.Errorf("one-func: %q", got)
	}
	m := &klp.Module{Kind: klp.KindLivepatch, Sections: []klp.Section{{}, {Name: ".klp.rela.vmlinux.__jump_table"}, {Name: ".rela__jump_table"}, {Name: ".klp.rela.ext4..text"}}}
	if got := runOn(t, klp581(), m); len(got) != 1 || got[0].Location.Section != ".klp.rela.vmlinux.__jump_table" {
		t.Errorf("findings %+v", got)
	}
}

func TestToolchain(t *testing.T) {
	for _, test := range []struct {
		module    string
		toolchain klp.Toolchain
		findings  int
	}{
		{"kpatch/one-func.ko", klp.KpatchBuild, 0},
		{"kpatch/one-func.ko", klp.Static, 1},
		{"klp-build/one-func.ko", klp.KpatchBuild, 1},
		{"static/one-func.ko", klp.Static, 0},
	} {
		if got := judge(t, klp582(test.toolchain), "../../../../fixtures/"+test.module); len(got) != test.findings {
			t.Errorf("%s with profile toolchain %s: %q", test.module, test.toolchain, got)
		}
	}
}

func runOn(t *testing.T, r *rules.Rule, m *klp.Module) []finding.Finding {
	t.Helper()
	pass := &analysis.Pass{Analyzer: r.Analyzer, ResultOf: map[*analysis.Analyzer]any{rules.ModuleInput: m}, Report: func(analysis.Diagnostic) {}}
	result, err := r.Analyzer.Run(pass)
	if err != nil {
		t.Fatal(err)
	}
	return result.([]finding.Finding)
}

// The rules of this package have what every rule has; what they lack without
// a manifest or a profile they name.
func TestRulesAreComplete(t *testing.T) {
	list := Rules(nil, "")
	var analyzers []*analysis.Analyzer
	last := ""
	for _, r := range list {
		analyzers = append(analyzers, r.Analyzer)
		if r.ID() <= last {
			t.Errorf("%s stands behind %s", r.ID(), last)
		}
		last = r.ID()
		if r.Since == "" || len(r.Tags) == 0 || r.Severity == 0 {
			t.Errorf("%s lacks since, tags or severity", r.ID())
		}
		paragraphs := strings.Split(r.Analyzer.Doc, "\n\n")
		if len(paragraphs) < 3 || strings.Contains(paragraphs[0], "\n") || !strings.HasPrefix(paragraphs[len(paragraphs)-1], "Fix: ") {
			t.Errorf("%s: documentation", r.ID())
		}
	}
	if err := analysis.Validate(analyzers); err != nil {
		t.Error(err)
	}
	result, err := lint.Run(t.Context(), lint.Config{Rules: list, Enable: []string{"KLP5*"}, Inputs: []lint.Source{{Path: "../../../../fixtures/static/one-func.ko"}}})
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	for _, n := range result.NotEvaluated {
		missing = append(missing, n.Rule)
	}
	if !slices.Equal(missing, []string{"KLP580", "KLP582"}) || len(result.Findings) > 0 || len(result.Errors) > 0 {
		t.Errorf("not evaluated %v, findings %v, errors %v", missing, result.Findings, result.Errors)
	}
}
