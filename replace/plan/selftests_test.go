package plan_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/replace/plan"
)

// The tests that the kernel has of livepatching, each as a plan with what the
// kernel answers to its steps and the callbacks that it calls.
func TestKernelSelftests(t *testing.T) {
	files, err := filepath.Glob("../../examples/selftests/*.yaml")
	if err != nil || len(files) != 32 {
		t.Fatalf("%d plans, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p, err := plan.Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			traces := p.Run(replace.Mainline{}, replace.Env{Behaviour: kernel.BehaviourOf("6.12.117")})
			if len(traces) != 1 || traces[0].NotJudged != "" || len(traces[0].Steps) != len(p.Steps) {
				t.Fatalf("%d traces, the first is not judged: %q", len(traces), traces[0].NotJudged)
			}
			for i := range traces[0].Steps {
				r := &traces[0].Steps[i]
				if p.Steps[i].Expect == "" {
					t.Errorf("step %d expects nothing", i+1)
				}
				if unmet := r.Unmet(); unmet != "" {
					t.Errorf("step %d, %s %s: %s (%s)", i+1, r.Op, r.Module, unmet, r.Decision.Reason)
				}
			}
			if last := traces[0].Steps[len(p.Steps)-1]; len(last.Active) > 0 || len(last.Owners) > 0 {
				t.Errorf("at the end %v are active", last.Active)
			}
		})
	}
}
