package lint_test

import (
	"context"
	"fmt"
	"reflect"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/rules"
)

// A rule that only one farm cares for: its livepatches patch no module.
var imageOnly = &rules.Rule{
	Severity: finding.Error,
	Since:    "1",
	Tags:     []string{"farm"},
	Analyzer: &analysis.Analyzer{
		Name: "FARM001",
		Doc: `livepatch patches a module

This farm patches the kernel image alone.

Fix: patch the module's package instead.`,
		Requires:   []*analysis.Analyzer{rules.ModuleInput},
		ResultType: reflect.TypeFor[[]finding.Finding](),
		Run: func(pass *analysis.Pass) (any, error) {
			m := pass.ResultOf[rules.ModuleInput].(*klp.Module)
			var findings []finding.Finding
			for _, o := range m.Patch.Objects {
				if o.Null {
					continue
				}
				findings = append(findings, finding.Finding{
					Message: "the livepatch patches module " + o.Name, Object: o.Name, Location: o.At,
				})
			}
			return findings, nil
		},
	},
}

func ExampleRun() {
	result, err := lint.Run(context.Background(), lint.Config{
		Rules:   append(rules.All(), imageOnly),
		Disable: []string{"kernel", "set"}, // by tag: nothing but the module itself is at hand
		Inputs:  []lint.Source{{Path: "../fixtures/static/literal-vmlinux.ko", Named: true}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range result.Findings {
		fmt.Printf("%s %s: %s (%s+%#x)\n", f.Rule, f.Severity, f.Message, f.Location.Section, f.Location.Offset)
	}
	fmt.Println("errors:", result.Summary.Error)
	// Output:
	// FARM001 error: the livepatch patches module vmlinux (.data+0xe0)
	// KLP105 error: the object's name is the string "vmlinux"; the kernel image has the name NULL (.data+0xe0)
	// errors: 2
}

// The built modules that a candidate will be loaded beside are its baseline.
func ExampleRun_baseline() {
	result, err := lint.Run(context.Background(), lint.Config{
		Enable:   []string{"set"}, // by tag: the rules that compare modules
		Inputs:   []lint.Source{{Path: "../fixtures/static/states.ko", Named: true}},
		Baseline: []lint.Source{{Path: "../fixtures/static/states-2.ko"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range result.Findings {
		fmt.Printf("%s %s: %s\n", f.Rule, f.Severity, f.Message)
	}
	fmt.Println("errors:", result.Summary.Error)
	// Output:
	// KLP403 error: static_states has state 7 at version 1, static_states_2 at version 2: under mainline the load is refused with EINVAL when static_states_2, already built, is active
	// errors: 1
}
