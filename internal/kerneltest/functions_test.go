package kerneltest

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// functionsAClass bounds the modules about one class of symbols.
const functionsAClass = 3

// functions makes a suite of livepatches of symbols that the booted kernel listed,
// some of each class that klplint tells apart: what is no function, is gone after
// boot, has no place of ftrace or has it where the function is not, is one of
// several, and is entered by a system call under several names.
func (a *agreement) functions(t *testing.T) *Suite {
	t.Helper()
	if len(a.listed) == 0 {
		t.Fatal("the kernel's symbols are not known: KLPLINT_SUITES must have listing before functions")
	}
	symbols, err := a.known.Object(klp.VmlinuxObjectName)
	if err != nil {
		t.Fatal(err)
	}
	classes := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(a.listed)) {
		if class := classOf(symbols, name); class != "" {
			classes[class] = append(classes[class], name)
		}
	}
	suite := &Suite{Model: "mainline", Modules: map[string]Module{}}
	for class, names := range classes {
		var steps []string
		// From the whole alphabet, and the same in each run.
		for i := range min(functionsAClass, len(names)) {
			name := names[i*len(names)/min(functionsAClass, len(names))]
			add := func(suffix, function string) {
				key := suite.add(fmt.Sprintf("f_%s_%d%s", class, i, suffix), false, image(function))
				steps = append(steps, "load "+key, "disable "+key, "unload "+key)
			}
			add("", name)
			if n := len(symbols.Positions(name)); class == "ambiguous" {
				add("_beyond", fmt.Sprintf("%s,%d", name, n+1))
			}
			if aliases := symbols.Aliases(name, 1); class == "syscall" && len(aliases) > 0 {
				add("_alias", aliases[0].Name)
			}
		}
		suite.scenario("functions_"+class, steps...)
	}
	for _, name := range classes["syscall"] {
		if aliases := symbols.Aliases(name, 1); len(aliases) > 0 {
			suite.scenario("functions_pair", "hold "+suite.add(pairModule, false, image(name, aliases[0].Name)))
			suite.Scenarios[len(suite.Scenarios)-1].Calls = true // nothing is foretold of the transition
			break
		}
	}
	if len(symbols.Positions("klp_direct_put")) == 3 {
		suite.direct()
	}
	sortScenarios(suite.Scenarios)
	t.Logf("functions: %v", sizes(classes))
	return suite
}

// classOf returns the class of a symbol that a livepatch can name without harm: the
// kernel refuses it, or nothing calls what is patched. "" is for all others.
func classOf(symbols *kernel.Object, name string) string {
	positions := symbols.Positions(name)
	if len(positions) == 0 {
		return ""
	}
	p := positions[0]
	text := p.Kind == 't' || p.Kind == 'T' || p.Kind == 'W'
	switch {
	case len(positions) > 1:
		return "ambiguous"
	case !text && strings.HasPrefix(name, "vdso"):
		return "vdso"
	case !text:
		return "data"
	case p.Init:
		return "init"
	case p.Traceable == klp.No:
		return "untraceable"
	case p.SiteOffset > 0:
		return "elsewhere"
	case strings.HasSuffix(name, "sys_getpgrp"), strings.HasSuffix(name, "sys_getsid"), strings.HasSuffix(name, "sys_sched_yield"):
		return "syscall"
	}
	return ""
}

// direct patches the functions of small/label.c: klp_direct_show() is called through
// a pointer and calls klp_direct_put() by its name. On ppc64le that makes two
// entries of a function, and the place of ftrace lies behind both.
func (s *Suite) direct() {
	second := s.add("f_put_second", false, image("klp_direct_put,2"))
	others := s.add("f_put_others", false, image("klp_direct_put,1", "klp_direct_put,3"))
	again := s.add("f_put_again", false, image("klp_direct_put,2", "klp_direct_put,3"))
	show := s.add("f_show_second", false, image("klp_direct_show,2"))
	all := s.add("f_show_replaces", true, image("klp_direct_show,1", "klp_direct_put,2"))
	s.scenario("functions_direct", "load "+second, "load "+others, "load "+again, "load "+show, "disable "+again, "load "+all, "disable "+all)
}

func sizes(classes map[string][]string) map[string]int {
	n := map[string]int{}
	for class, names := range classes {
		n[class] = len(names)
	}
	return n
}

// pairModule patches one function under two of its names.
const pairModule = "f_pair"

// pair holds what came of pairModule against KLP107, which says that it is accepted
// and leaves open whether the transition ends.
func (a *agreement) pair(t *testing.T, observed []Scenario, work string) {
	t.Helper()
	i := slices.IndexFunc(observed, func(s Scenario) bool { return s.Name == "functions_pair" })
	if i < 0 {
		return // no system call of the class has an alias there
	}
	answer := observed[i].Steps[0].Answer
	result, err := lint.Run(t.Context(), lint.Config{
		Inputs: []lint.Source{{Path: filepath.Join(work, pairModule+".ko"), Named: true}},
		Target: func(*klp.Module) klp.Target { return a.known },
	})
	if err != nil {
		t.Fatal(err)
	}
	said := slices.ContainsFunc(result.Findings, func(f finding.Finding) bool { return f.Rule == "KLP107" })
	if !said || answer.Errno != "OK" {
		t.Errorf("two names of one function: KLP107 says so %t, and the kernel answers %s", said, answer.Errno)
	}
	t.Logf("two names of one function in one patch: the transition ended %t", !answer.Held)
}
