package plan_test

import (
	"fmt"
	"log"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/replace/plan"
)

// A described plan is run under every model that reads its field; where they
// disagree, the question is open.
func ExamplePlan_Run() {
	p, err := plan.Parse([]byte(`
modules:
  - name: cumulative
    replace_sets: [1, 2]
    funcs: [vmlinux:cmdline_proc_show]
  - name: hotfix
    replace_sets: [2]
    funcs: [vmlinux:version_proc_show]
steps:
  - load: cumulative
  - load: hotfix
`))
	if err != nil {
		log.Fatal(err)
	}
	models, err := p.Models()
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range models {
		for _, t := range p.Run(m, replace.Env{}) {
			for _, s := range t.Steps {
				fmt.Println(t.Model, s.Op, s.Name, s.Decision.Outcome, s.Decision.Replaced)
			}
		}
	}
	// Output:
	// sets-positional load cumulative first []
	// sets-positional load hotfix coexists []
	// sets-flat load cumulative first []
	// sets-flat load hotfix replaces [cumulative]
}

// Built modules are loaded in the order in which they are given.
func ExampleFromModules() {
	var mods []*klp.Module
	for _, name := range []string{"static/one-func.ko", "kpatch/non-replace.ko", "kpatch/one-func.ko"} {
		m, err := elfread.Open("../../fixtures/"+name, elfread.Options{})
		if err != nil {
			log.Fatal(err)
		}
		mods = append(mods, m)
	}
	p, err := plan.FromModules(mods)
	if err != nil {
		log.Fatal(err)
	}
	trace := p.Run(replace.Mainline{}, replace.Env{})[0]
	for i, s := range trace.Steps {
		fmt.Println(s.Name, s.Decision.Outcome, s.Decision.Replaced, trace.Lost(i))
	}
	fmt.Println(trace.Steps[2].Owners["vmlinux:cmdline_proc_show"])
	// Output:
	// static_one_func first [] []
	// kpatch_non_replace stacks [] []
	// kpatch_one_func replaces [static_one_func kpatch_non_replace] []
	// kpatch_one_func
}

// A mistake in a plan is shown at its place.
func ExampleParse_error() {
	_, err := plan.Parse([]byte("modules:\n- {name: fix, replace: true}\nsteps:\n- laod: fix\n"))
	fmt.Println(err)
	// Output:
	// line 4, column 3: a step has no key "laod"; it may have load, disable, unload, finish, set, hold, release or ftrace; override, params and stalls beside load; stalls beside disable; pre_patch_errno and object beside set; expect and callbacks beside all
	//     4 | - laod: fix
	//           ^
}
