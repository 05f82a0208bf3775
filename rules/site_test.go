package rules

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/klp"
)

func fixtureModule(t *testing.T, name string) *klp.Module {
	t.Helper()
	m, err := elfread.Open("../fixtures/"+name, elfread.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestJumpTable(t *testing.T) {
	one := fixtureModule(t, "static/one-func.ko")
	if got := apply(t, klp581, one); len(got) > 0 {
		t.Errorf("one-func: %+v", got)
	}
	m := &klp.Module{Kind: klp.KindLivepatch, Sections: []klp.Section{{}, {Name: ".klp.rela.vmlinux.__jump_table"}, {Name: ".rela__jump_table"}, {Name: ".klp.rela.ext4..text"}}}
	if got := apply(t, klp581, m); len(got) != 1 || got[0].Location.Section != ".klp.rela.vmlinux.__jump_table" {
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
		if got := apply(t, klp582(test.toolchain), fixtureModule(t, test.module)); len(got) != test.findings {
			t.Errorf("%s with profile toolchain %s: %+v", test.module, test.toolchain, got)
		}
	}
}

// What the rules lack where a site lays nothing down, they name.
func TestSiteRulesAreComplete(t *testing.T) {
	list := SiteRules(Site{})
	var analyzers []*analysis.Analyzer
	last := ""
	for _, r := range list {
		analyzers = append(analyzers, r.Analyzer)
		if r.ID() <= last {
			t.Errorf("%s stands behind %s", r.ID(), last)
		}
		last = r.ID()
		if r.Since == "" || len(r.Tags) == 0 || r.Severity == 0 || !r.NonDefault {
			t.Errorf("%s lacks since, tags or severity, or is on by default", r.ID())
		}
		paragraphs := strings.Split(r.Analyzer.Doc, "\n\n")
		if len(paragraphs) < 3 || strings.Contains(paragraphs[0], "\n") || !strings.HasPrefix(paragraphs[len(paragraphs)-1], "Fix: ") {
			t.Errorf("%s: documentation", r.ID())
		}
	}
	if err := analysis.Validate(analyzers); err != nil {
		t.Error(err)
	}
	for _, r := range []*Rule{list[0], list[2]} {
		_, err := r.Analyzer.Run(&analysis.Pass{Analyzer: r.Analyzer, ResultOf: map[*analysis.Analyzer]any{ModuleInput: sound()}, Report: func(analysis.Diagnostic) {}})
		if missing := (*MissingInput)(nil); !errors.As(err, &missing) {
			t.Errorf("%s without a site: %v", r.ID(), err)
		}
	}
}
