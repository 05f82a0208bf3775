package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/replace/plan"
)

// steps runs a plan under mainline and returns what is not as the plan expects.
func unmetOf(t *testing.T, steps string) []string {
	t.Helper()
	p, err := plan.Parse([]byte(`modules:
  - {name: a, funcs: ["vmlinux:f"], callbacks: true}
  - {name: b, funcs: ["vmlinux:f", "ext4:g"], callbacks: [pre_patch]}
  - {name: r, replace: true, replace_param: on, funcs: ["vmlinux:h"]}
  - {name: ext4, kind: target, funcs: [g]}
steps:
` + steps))
	if err != nil {
		t.Fatal(err)
	}
	var unmet []string
	for _, s := range p.Run(replace.Mainline{}, replace.Env{})[0].Steps {
		if u := s.Unmet(); u != "" {
			unmet = append(unmet, s.Module+": "+u)
		}
	}
	return unmet
}

// Each block of steps is as its expectations say.
func TestSteps(t *testing.T) {
	for name, steps := range map[string]string{
		"a second load waits for no transition": `
  - {load: a, stalls: true, expect: stalled, callbacks: [pre_patch vmlinux]}
  - {load: b, expect: EBUSY, callbacks: []}
  - {unload: a, expect: EAGAIN}
  - {finish: a, expect: first, callbacks: [post_patch vmlinux]}
  - {finish: a, expect: ENOENT}
  - {load: b, expect: stacks, callbacks: [pre_patch vmlinux]}`,
		"a disable that stalls": `
  - {load: a, expect: first}
  - {load: b, expect: stacks}
  - {disable: a, stalls: true, expect: stalled, callbacks: [pre_unpatch vmlinux]}
  - {disable: a, expect: EINVAL}
  - {disable: b, expect: EBUSY}
  - {load: r, expect: EBUSY}
  - {finish: a, expect: done, callbacks: [post_unpatch vmlinux]}
  - {disable: b, expect: done}`,
		"a replacement that stalls keeps what it replaces": `
  - {load: a, expect: first}
  - {load: r, stalls: true, expect: stalled, callbacks: []}
  - {unload: a, expect: EAGAIN}
  - {finish: r, expect: replaces, callbacks: []}
  - {unload: a, expect: ok}`,
		"one that stalls and is refused leaves nothing behind": `
  - {hold: "vmlinux:f", expect: done}
  - {load: a, stalls: true, expect: EBUSY, callbacks: [pre_patch vmlinux, post_unpatch vmlinux]}
  - {release: "vmlinux:f", expect: done}
  - {load: a, expect: first}`,
		"a parameter's default, and what a load makes of it": `
  - {load: a, expect: first}
  - {load: r, params: {on: "0"}, expect: stacks}
  - {disable: r, expect: ok}
  - {unload: r, expect: ok}
  - {load: r, params: {on: maybe}, expect: EINVAL}
  - {load: r, params: {other: 7}, expect: replaces}`,
		"pre_patch refuses for one object": `
  - {load: b, expect: first}
  - {set: b, object: ext4, pre_patch_errno: ENOMEM, expect: ok}
  - {load: ext4, expect: ENOMEM}
  - {set: b, object: ext4, pre_patch_errno: null, expect: ok}
  - {load: ext4, expect: ok}`,
		"livepatches share what another user must not have": `
  - {load: a, expect: first}
  - {hold: "vmlinux:f", expect: EBUSY}
  - {hold: "vmlinux:f,2", expect: done}
  - {release: "vmlinux:f", expect: ENOENT}
  - {load: b, expect: stacks}
  - {ftrace: off, expect: EBUSY}`,
		"ftrace is off when a target comes": `
  - {ftrace: off, expect: ok}
  - {load: ext4, expect: ok}
  - {load: b, expect: EBUSY}
  - {ftrace: on, expect: ok}
  - {load: b, expect: first}
  - {unload: ext4, expect: ok}
  - {hold: "ext4:g", expect: done}
  - {load: ext4, expect: EBUSY}`,
	} {
		if unmet := unmetOf(t, strings.TrimPrefix(steps, "\n")+"\n"); len(unmet) > 0 {
			t.Errorf("%s: %q", name, unmet)
		}
	}
	want := []string{
		`a: expected EBUSY, and is first`,
		`b: expected the callbacks ["post_patch vmlinux"], and they are ["pre_patch vmlinux"]`,
		`a: expected to work, and is refused EEXIST`,
	}
	if got := unmetOf(t, "  - {load: a, expect: EBUSY}\n  - {load: b, callbacks: [post_patch vmlinux]}\n  - {load: a, expect: ok}\n"); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// Of modules whose replace a parameter decides the default counts; where it is not
// known each is tried with both values, until a load says which it is.
func TestReadingsByModule(t *testing.T) {
	p, err := plan.Parse([]byte(`modules:
  - {name: one, file: ../../fixtures/static/replace-param.ko}
  - {name: two, file: ../../fixtures/static/replace-param-true.ko}
steps:
  - {load: one}
  - {load: two}
`))
	if err != nil {
		t.Fatal(err)
	}
	err = p.Resolve(func(file string) (*klp.Module, replace.Symbols, error) {
		m, err := elfread.Open(file, elfread.Options{})
		return m, nil, err
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Modules[1].Klp.Name, p.Modules[1].Klp.StructName, p.Modules[1].Name = "two", "two", "two"
	traces := p.Run(replace.Mainline{}, replace.Env{})
	if len(traces) != 1 || traces[0].Reading != "" || traces[0].Steps[1].Decision.Outcome != replace.Replaces {
		t.Fatalf("both by default: %d traces, %+v", len(traces), traces[0])
	}
	if a := traces[0].Steps[0].Decision.Assumed; !slices.Contains(a, "module parameter replace of one decides its replace field, and has its default, false") {
		t.Errorf("assumed %q", a)
	}
	for _, m := range p.Modules {
		m.Klp.Replace.Param.Default = nil
	}
	readings := func() (list []string) {
		for _, trace := range p.Run(replace.Mainline{}, replace.Env{}) {
			list = append(list, trace.Reading+": "+string(trace.Steps[len(trace.Steps)-1].Decision.Outcome))
		}
		return list
	}
	want := []string{
		"assuming replace false for one, two: refused",
		"assuming replace false for two, true for one: refused",
		"assuming replace false for one, true for two: refused",
		"assuming replace true for one, two: refused",
	}
	for i, outcome := range []string{"stacks", "stacks", "replaces", "replaces"} {
		want[i] = strings.Replace(want[i], "refused", outcome, 1)
	}
	if got := readings(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	p.Steps[1].Params = []plan.Param{{Name: "replace", Value: "Y"}}
	want = []string{"assuming replace false for one: replaces", "assuming replace true for one: replaces"}
	if got := readings(); !slices.Equal(got, want) {
		t.Errorf("with a parameter: %q", got)
	}
	p.Steps[0].Params = []plan.Param{{Name: "replace", Value: "0"}}
	traces = p.Run(replace.Mainline{}, replace.Env{})
	if len(traces) != 1 || traces[0].Reading != "" {
		t.Fatalf("both known: %d traces, %q", len(traces), traces[0].Reading)
	}
	if a := traces[0].Steps[1].Decision.Assumed; !slices.Contains(a, "module parameter replace of two decides its replace field") {
		t.Errorf("assumed %q", a)
	}
}
