package kerneltest

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/replace/plan"
)

// selftests are the plans of examples/selftests.
func selftests(t *testing.T) *Plans {
	t.Helper()
	files, err := filepath.Glob("../../examples/selftests/*.yaml")
	if err != nil || len(files) != 32 {
		t.Fatalf("%d plans, %v", len(files), err)
	}
	plans, err := LoadPlans(files)
	if err != nil {
		t.Fatal(err)
	}
	return plans
}

// TestSelftestsAgree makes the steps of the kernel's own livepatch tests, as they
// stand in examples/selftests, on real kernels: each answers what the plan foretells
// of the described modules, and of the built ones.
func TestSelftestsAgree(t *testing.T) {
	begins := os.Getenv("KLPLINT_PLANS")
	if begins == "" {
		begins = "6.12."
	}
	for _, folder := range kernels(t) {
		release := filepath.Base(folder)
		if !strings.HasPrefix(release, begins) {
			continue
		}
		t.Run(release, func(t *testing.T) {
			plans, work := selftests(t), t.TempDir()
			if err := plans.Build(t.Context(), filepath.Join(folder, "headers"), work); err != nil {
				t.Fatal(err)
			}
			guest := filepath.Join(work, "init")
			if output, err := exec.Command("gcc", "-static", "-Os", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-o", guest, "guest/plan.c").CombinedOutput(); err != nil {
				t.Fatalf("guest/plan.c: %v\n%s", err, output)
			}
			m := Machine{Vmlinuz: filepath.Join(folder, "vmlinuz"), Init: guest, Work: t.TempDir()}
			answers, err := m.RunPlans(t.Context(), plans, work)
			if err != nil {
				t.Error(err)
			}
			steps := 0
			for i, name := range plans.names {
				for _, built := range []bool{false, true} {
					p := plans.plans[i]
					if built {
						p = builtPlan(t, p, work)
					}
					comparePlan(t, name, built, p, release, answers[name])
				}
				steps += len(answers[name])
			}
			t.Logf("%d plans, %d steps", len(plans.names), steps)
		})
	}
}

// builtPlan is the plan with its livepatches read from what was built.
func builtPlan(t *testing.T, p *plan.Plan, folder string) *plan.Plan {
	t.Helper()
	out := *p
	out.Modules, out.Steps = nil, slices.Clone(p.Steps)
	for _, m := range p.Modules {
		own := *m
		if m.Kind == plan.KindLivepatch {
			own.File, own.Klp, own.Fields = filepath.Join(folder, m.Name+".ko"), nil, nil
			own.ReplaceParam = ""
		}
		out.Modules = append(out.Modules, &own)
		for i := range out.Steps {
			if out.Steps[i].Module == m {
				out.Steps[i].Module = &own
			}
		}
	}
	err := out.Resolve(func(file string) (*klp.Module, replace.Symbols, error) {
		m, err := elfread.Open(file, elfread.Options{})
		return m, nil, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return &out
}

func comparePlan(t *testing.T, name string, built bool, p *plan.Plan, release string, answers []Planned) {
	t.Helper()
	traces := p.Run(replace.Mainline{}, replace.Env{Behaviour: kernel.BehaviourOf(release)})
	if len(traces) != 1 || traces[0].NotJudged != "" {
		t.Errorf("%s, built %t: %d traces, the first is not judged: %q", name, built, len(traces), traces[0].NotJudged)
		return
	}
	if len(answers) != len(p.Steps) {
		t.Errorf("%s: the kernel answered %d of %d steps", name, len(answers), len(p.Steps))
	}
	stalled := false
	for i := range answers[:min(len(answers), len(traces[0].Steps))] {
		r := &traces[0].Steps[i]
		stalled = stalledAfter(r.Op, stalled || r.Decision.Outcome == replace.Stalled)
		if diff := cmp.Diff(foretoldOf(r, stalled), answers[i]); diff != "" {
			t.Errorf("%s, built %t, step %d, %s %s (-foretold +kernel):\n%s", name, built, i+1, r.Op, r.Module, diff)
		}
		if unmet := r.Unmet(); unmet != "" {
			t.Errorf("%s, built %t, step %d, %s %s: %s", name, built, i+1, r.Op, r.Module, unmet)
		}
	}
}

// The script has a step for each of the plans', and a source for each module.
func TestPlanScript(t *testing.T) {
	plans := selftests(t)
	script, err := plans.script()
	if err != nil {
		t.Fatal(err)
	}
	want, got := 0, 0
	for _, p := range plans.plans {
		want += len(p.Steps)
	}
	for line := range strings.Lines(script) {
		switch verb, _, _ := strings.Cut(line, " "); verb {
		case "load", "unload", "write":
			got++
		}
	}
	if got != want || want < 150 {
		t.Errorf("%d steps in the script, %d in the plans", got, want)
	}
	if names := slices.Sorted(maps.Keys(plans.sources)); len(names) != 15 {
		t.Errorf("modules %q", names)
	}
	if !strings.Contains(script, "load /m/test_klp_callbacks_demo.ko pre_patch_ret=-19\n") || !strings.Contains(script, "write /sys/module/test_klp_callbacks_demo/parameters/pre_patch_ret -19\n") {
		t.Error("a callback that refuses is not in the script")
	}
}

func TestReadPlanned(t *testing.T) {
	records := "plan a\nstep\nerrno OK\nlog pre_patch vmlinux\nactive y\nactive x\nowner vmlinux:f x\nend\nplan b\nstep\nerrno EBUSY\nstalled\nend\n"
	want := map[string][]Planned{
		"a": {{Errno: "OK", Calls: []string{"pre_patch vmlinux"}, Active: []string{"x", "y"}, Owners: map[string]string{"vmlinux:f": "x"}}},
		"b": {{Errno: "EBUSY", Stalled: true, Owners: map[string]string{}}},
	}
	got, err := readPlanned(strings.NewReader(records + "done\n"))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, err := readPlanned(strings.NewReader(records)); err == nil || !strings.Contains(err.Error(), "ended in plan b, step 1") {
		t.Errorf("a guest that dies: %v", err)
	}
	if _, err := readPlanned(strings.NewReader("plan a\nerrno OK\n")); err == nil {
		t.Error("an answer before a step")
	}
}
