package kerneltest

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klplint/klplint/klp"
)

// Tally counts, for one rule, the loads of which it foretold what the kernel does.
type Tally struct {
	Foretold int // loads that the rule said are refused, or crash the kernel
	Agreed   int // of these, refused with that errno
	Other    int // of these, refused with the errno of something that the kernel met before
	Wrong    []string
	Taken    int // loads that the rule complained of, that it said are accepted, and that were
}

// Tallies counts by rule; Unforetold lists refusals that no rule foretold.
type Tallies struct {
	Rules      map[string]*Tally
	Accepted   int // modules that no rule spoke against and the kernel took
	Unforetold []string
	TraceOnly  int // refusals beside another livepatch that no rule is about: see literal

	seen map[string]bool
}

// Count compares what the rules say about each module that a scenario loads into
// a clean kernel, with or without the modules that it patches, or beside one
// other livepatch, with what the kernel answered.
func (t *Tallies) Count(ctx context.Context, suite *Suite, observed []Scenario, folder string, target klp.Target) error {
	if t.Rules == nil {
		t.Rules = map[string]*Tally{}
	}
	t.seen = map[string]bool{} // keys of another suite are other modules
	path := func(step Step) string { return filepath.Join(folder, step.Module+".ko") }
	for _, scenario := range observed {
		first, present := firstLoad(suite, scenario)
		if first < 0 {
			continue
		}
		step := scenario.Steps[first]
		if suite.Modules[step.Module].freed && step.Errno == crashed {
			step.Errno = "OK" // taken; what comes of the freed memory is luck
		}
		claims, err := Judge(ctx, path(step), target)
		if err != nil {
			return err
		}
		claims = slices.DeleteFunc(claims, func(c Claim) bool { return c.Object != "" && !present[c.Object] })
		t.count(step, claims, len(present) == 0)
		if next := first + 1; first == 0 && step.Errno == "OK" && next < len(scenario.Steps) {
			second := scenario.Steps[next]
			if second.Op != "load" || second.Module == step.Module || suite.Modules[second.Module].Kind == "target" {
				continue
			}
			alone, err := Judge(ctx, path(second), target)
			if err != nil {
				return err
			}
			beside, err := JudgeBeside(ctx, path(second), path(step), target)
			if err != nil {
				return err
			}
			exists := (literal(suite, step) || literal(suite, second)) && slices.Contains(target.Behaviour().InitEEXIST, second.Errno)
			t.countBeside(step, second, alone, beside, exists)
		}
	}
	return nil
}

// firstLoad returns the index of the first load of a livepatch that nothing but
// loads of the modules to patch go before, and which of these are there; -1 where
// the scenario has none.
func firstLoad(suite *Suite, scenario Scenario) (at int, present map[string]bool) {
	present = map[string]bool{}
	for i, step := range scenario.Steps {
		m := suite.Modules[step.Module]
		switch {
		case step.Op != "load":
			return -1, nil
		case m.Kind != "target":
			return i, present
		case step.Errno == "OK":
			present[m.Name] = true
		}
	}
	return -1, nil
}

// count counts the claims about one load. What the modules that the guest loads
// lack no rule can know, so that all refusals must be foretold without them only.
func (t *Tallies) count(step Step, claims []Claim, clean bool) {
	t.countRules(step.Module, step.Errno, claims)
	if !clean || t.again("module", step.Module) {
		return
	}
	refuses := slices.ContainsFunc(claims, func(c Claim) bool { return !c.Takes })
	foretold := slices.ContainsFunc(claims, func(c Claim) bool { return c.holds(step.Errno) })
	switch {
	case step.Errno == "OK" && !refuses:
		t.Accepted++
	case step.Errno != "OK" && !foretold:
		t.Unforetold = append(t.Unforetold, fmt.Sprintf("%s: %s %q", step.Module, step.Errno, step.Messages))
	}
}

// countBeside counts the claims of the rules over several livepatches. What a
// rule says of the module alone may come first; exists is the case of which no rule
// speaks: see literal.
func (t *Tallies) countBeside(active, step Step, alone, beside []Claim, exists bool) {
	pair := step.Module + " beside " + active.Module
	t.countRules(pair, step.Errno, beside)
	explained := func(c Claim) bool { return !c.Takes }
	if t.again("pair", pair) || step.Errno == "OK" || slices.ContainsFunc(alone, explained) || slices.ContainsFunc(beside, explained) {
		return
	}
	if exists {
		t.TraceOnly++
		return
	}
	t.Unforetold = append(t.Unforetold, fmt.Sprintf("%s: %s %q", pair, step.Errno, step.Messages))
}

// literal reports whether a livepatch spells the kernel image's name out. Such an
// object and one that a replacing livepatch gets for the image's own name have one
// folder in sysfs, and the load fails with EEXIST: replace knows, no rule says so.
func literal(suite *Suite, step Step) bool {
	objects := suite.Modules[step.Module].Objects
	return objects != nil && slices.ContainsFunc(*objects, func(o Object) bool {
		return o.Name != nil && *o.Name == klp.VmlinuxObjectName
	})
}

// countRules counts the claims about one load, each rule once.
func (t *Tallies) countRules(what, errno string, claims []Claim) {
	byRule := map[string][]Claim{}
	for _, c := range claims {
		byRule[c.Rule] = append(byRule[c.Rule], c)
	}
	for rule, list := range byRule {
		if t.again(rule, what) {
			continue
		}
		tally := t.Rules[rule]
		if tally == nil {
			tally = &Tally{}
			t.Rules[rule] = tally
		}
		refusals := slices.DeleteFunc(slices.Clone(list), func(c Claim) bool { return c.Takes })
		switch {
		case slices.ContainsFunc(refusals, func(c Claim) bool { return c.holds(errno) }):
			tally.Foretold++
			tally.Agreed++
		case len(refusals) > 0 && errno != "OK":
			tally.Foretold++
			tally.Other++
		case slices.ContainsFunc(refusals, func(c Claim) bool { return !c.Later }):
			tally.Foretold++
			tally.Wrong = append(tally.Wrong, what)
		case errno == "OK" && len(refusals) == 0:
			tally.Taken++
		} // else a crash that comes when code runs that the load need not run
	}
}

// again reports whether a thing was counted before, and notes it.
func (t *Tallies) again(kind, what string) bool {
	key := kind + " " + what
	before := t.seen[key]
	t.seen[key] = true
	return before
}

// Table writes the tallies as a Markdown table, in the order of the rules.
func (t *Tallies) Table() string {
	var b strings.Builder
	b.WriteString("| rule | refusals foretold | observed | refused for an earlier reason | accepted all the same | complained of, but foretold to load, and loaded |\n|---|---|---|---|---|---|\n")
	for _, rule := range slices.Sorted(maps.Keys(t.Rules)) {
		r := t.Rules[rule]
		if r.Foretold+r.Taken > 0 {
			fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d |\n", rule, r.Foretold, r.Agreed, r.Other, len(r.Wrong), r.Taken)
		}
	}
	fmt.Fprintf(&b, "\nNo rule foretold a refusal of %d further modules, and the kernel took them. %d refusals were foretold by no rule, and %d beside another livepatch by `trace` alone.\n", t.Accepted, len(t.Unforetold), t.TraceOnly)
	return b.String()
}
