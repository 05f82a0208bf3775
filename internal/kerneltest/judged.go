package kerneltest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/kerneltest/mutant"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// Class is what becomes of a module that is loaded, disabled and unloaded.
type Class string

// The classes.
const (
	Refused  Class = "refused"
	Crashes  Class = "crash"
	Warned   Class = "warned" // accepted, with a warning or a taint for the module's sake
	Accepted Class = "accepted"
)

// Outcome is a class with what told it.
type Outcome struct {
	Class Class
	Errno string // Refused: a name, or several joined by " or "; "" where none is known
	Later bool   // Crashes: when code runs that the load, disable and unload of these tests may not reach
	Why   string // the kernel's first message, or the rule and what it says
}

// observedOutcome is the class of a kernel's answers to load, disable, unload.
func observedOutcome(s *Scenario) Outcome {
	for i := range s.Steps {
		if a := s.Steps[i].Answer; a.lost() {
			return Outcome{Class: Crashes, Why: s.Steps[i].Op + ": " + a.Errno}
		}
	}
	load := s.Steps[0].Answer
	why := ""
	if list := slices.DeleteFunc(slices.Clone(load.Messages), usual); len(list) > 0 {
		why = list[0]
	}
	switch {
	case load.Errno != "OK":
		return Outcome{Class: Refused, Errno: load.Errno, Why: why}
	case why != "":
		return Outcome{Class: Warned, Why: why}
	}
	return Outcome{Class: Accepted}
}

// usual reports whether the kernel logs a line of every livepatch that is built
// outside its tree and not signed by its vendor, or of none in particular.
func usual(line string) bool {
	for _, part := range []string{
		"enabling patch", "patching transition", "patching complete", "unpatching", "loading out-of-tree module taints kernel", "TAINT_LIVEPATCH",
		"module verification failed", "about to be patched", "vmlinux: patched", "vmlinux: unpatched", "clocksource", "random: crng", "tsc:", "input:", "sched_clock",
	} {
		if strings.Contains(line, part) {
			return true
		}
	}
	return line == "patched" || strings.HasPrefix(line, "klp_") || strings.HasPrefix(line, "livepatch: ") && strings.Contains(line, "callback")
}

// foretell is the class that klplint's findings of a module come to.
func foretell(ctx context.Context, path string, target klp.Target) (Outcome, error) {
	result, err := lint.Run(ctx, lint.Config{
		Inputs: []lint.Source{{Path: path, Named: true}},
		Target: func(*klp.Module) klp.Target { return target },
	})
	if err != nil {
		return Outcome{}, err
	}
	for _, e := range result.Errors {
		return Outcome{Class: Refused, Why: "cannot be read: " + e.Message}, nil
	}
	return foretold(result.Findings), nil
}

// foretold is the gravest class of the findings, and of refusals all errnos.
func foretold(findings []finding.Finding) Outcome {
	var refusals []string
	out := Outcome{Class: Accepted}
	for i := range findings {
		f := &findings[i]
		if conditional(f.Rule, f.Object) {
			continue // it comes true when that module is loaded, which it is not here
		}
		why := f.Rule + ": " + f.Message
		hygiene := strings.HasPrefix(f.Rule, "KLP5") // what a farm wants, not what a kernel does
		switch {
		case f.Rule == "KLP100", f.Severity == finding.Error && f.Kernel == nil && !hygiene:
			if out.Class != Refused {
				out = Outcome{Class: Refused, Why: why} // it does not pass, by whatever errno
			}
		case f.Severity == finding.Error && f.Kernel != nil && f.Kernel.Errno != "":
			if out.Class != Refused {
				out = Outcome{Class: Refused, Why: why}
			}
			refusals = append(refusals, strings.Split(f.Kernel.Errno, " or ")...)
		case f.Severity == finding.Error && out.Class != Refused && f.Kernel != nil && f.Kernel.Crash:
			if out.Class != Crashes || out.Later {
				out = Outcome{Class: Crashes, Later: f.Kernel.Later, Why: why}
			}
		case f.Severity != finding.Info && out.Class == Accepted:
			out = Outcome{Class: Warned, Why: why}
		}
	}
	slices.Sort(refusals)
	out.Errno = strings.Join(slices.Compact(refusals), " or ")
	return out
}

// agrees reports whether what was foretold came. A module that a kernel refuses,
// or dies of, may not pass, one that it takes may not fail; a warning on either
// side wants one on the other from the kernel's side only: rules warn of much
// that no kernel looks at. A crash that waits for code to run comes or does not.
func agrees(foretold, observed Outcome) bool {
	switch observed.Class {
	case Refused:
		return foretold.Class == Refused && (foretold.Errno == "" || slices.Contains(strings.Split(foretold.Errno, " or "), observed.Errno))
	case Crashes:
		return foretold.Class == Crashes || foretold.Class == Refused
	}
	if foretold.Class == Crashes && foretold.Later {
		return true
	}
	if observed.Class == Warned {
		return foretold.Class == Warned
	}
	return foretold.Class == Accepted || foretold.Class == Warned
}

// MutantSuite is a suite of mutants, each loaded, disabled and unloaded.
func MutantSuite(list []mutant.Mutant, name func(mutant.Mutant) string) *Suite {
	s := &Suite{Model: "mainline", Modules: map[string]Module{}, Built: true}
	for i, m := range list {
		key := fmt.Sprintf("m%d", i)
		s.Modules[key] = Module{Name: name(m), Livepatch: true}
		s.scenario(key, "load "+key, "disable "+key, "unload "+key)
	}
	return s
}

// KindTally counts one kind of mutants.
type KindTally struct {
	Mutants, Agree, WrongPasses, WrongFails, OtherErrno, Unwarned int
}

// Count adds a mutant.
func (k *KindTally) Count(foretold, observed Outcome) {
	k.Mutants++
	passes := foretold.Class == Accepted || foretold.Class == Warned
	switch {
	case agrees(foretold, observed):
		k.Agree++
	case passes && (observed.Class == Refused || observed.Class == Crashes):
		k.WrongPasses++
	case passes:
		k.Unwarned++
	case observed.Class == Refused || observed.Class == Crashes:
		k.OtherErrno++
	default:
		k.WrongFails++
	}
}

// MutantTable lists the kinds with their numbers.
func MutantTable(tallies map[string]*KindTally) string {
	var b strings.Builder
	var all KindTally
	b.WriteString("| kind | mutants | agree | wrong passes | wrong fails | another errno or end | warning not foretold |\n|---|---|---|---|---|---|---|\n")
	row := func(name string, k *KindTally) {
		fmt.Fprintf(&b, "| %s | %d | %.1f %% | %d | %d | %d | %d |\n", name, k.Mutants, 100*float64(k.Agree)/float64(max(1, k.Mutants)), k.WrongPasses, k.WrongFails, k.OtherErrno, k.Unwarned)
	}
	for _, name := range slices.Sorted(maps.Keys(tallies)) {
		k := tallies[name]
		row(name, k)
		all.Mutants += k.Mutants
		all.Agree += k.Agree
		all.WrongPasses += k.WrongPasses
		all.WrongFails += k.WrongFails
		all.OtherErrno += k.OtherErrno
		all.Unwarned += k.Unwarned
	}
	row("all", &all)
	return b.String()
}
