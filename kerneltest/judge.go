package kerneltest

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// Claim is what one rule says about loading one module into a clean kernel.
type Claim struct {
	Rule  string
	Errno string // as in rules.Answer: one name, or several joined by " or "
	Crash bool
}

// Judge lints a module against a kernel and returns the rules' claims about its
// load there. Claims about objects that are not loaded come true only when
// they are, and are left out.
func Judge(ctx context.Context, path string, target klp.Target) ([]Claim, error) {
	result, err := lint.Run(ctx, lint.Config{
		Inputs: []lint.Source{{Path: path, Named: true}},
		Target: func(*klp.Module) klp.Target { return target },
	})
	if err != nil {
		return nil, err
	}
	for _, e := range result.Errors {
		return nil, fmt.Errorf("%s: %s", path, e.Message)
	}
	var claims []Claim
	for _, f := range result.Findings {
		if f.Kernel == nil || conditional(f.Rule, f.Object) {
			continue
		}
		crash := strings.Contains(f.Kernel.Message, "for ever") || strings.Contains(f.Kernel.Message, "crash") || strings.Contains(f.Kernel.Message, "never returns")
		if f.Kernel.Errno != "" || crash {
			claims = append(claims, Claim{Rule: f.Rule, Errno: f.Kernel.Errno, Crash: crash})
		}
	}
	return claims, nil
}

// conditional reports whether a rule's finding about an object comes true only
// when that object is loaded: symbols of a module are looked up then.
func conditional(rule, object string) bool {
	switch rule {
	case "KLP302", "KLP303", "KLP304", "KLP305", "KLP306", "KLP310", "KLP204", "KLP205":
		return object != "" && object != klp.VmlinuxObjectName
	}
	return false
}

// Tally counts, for one rule, the modules of which it foretold a refusal.
type Tally struct {
	Foretold int // modules that the rule said are refused
	Agreed   int // of these, refused with that errno
	Other    int // of these, refused with the errno of something that the kernel met before
	Wrong    []string
}

// Tallies counts by rule; Unforetold lists refusals that no rule foretold.
type Tallies struct {
	Rules      map[string]*Tally
	Accepted   int // modules that no rule spoke against and the kernel took
	Unforetold []string
}

// Count compares the claims about each module that a scenario loads first with
// what the kernel answered.
func (t *Tallies) Count(ctx context.Context, observed []Scenario, folder string, target klp.Target) error {
	if t.Rules == nil {
		t.Rules = map[string]*Tally{}
	}
	seen := map[string]bool{}
	for _, scenario := range observed {
		first := scenario.Steps[0]
		if first.Op != "load" || seen[first.Module] || strings.HasPrefix(first.Module, "klp_target") {
			continue
		}
		seen[first.Module] = true
		claims, err := Judge(ctx, filepath.Join(folder, first.Module+".ko"), target)
		if err != nil {
			return err
		}
		t.count(first, claims)
	}
	return nil
}

func (t *Tallies) count(first Step, claims []Claim) {
	foretold := false
	byRule := map[string][]Claim{}
	for _, c := range claims {
		byRule[c.Rule] = append(byRule[c.Rule], c)
	}
	for rule, list := range byRule {
		tally := t.Rules[rule]
		if tally == nil {
			tally = &Tally{}
			t.Rules[rule] = tally
		}
		tally.Foretold++
		switch {
		case slices.ContainsFunc(list, func(c Claim) bool { return c.holds(first.Errno) }):
			tally.Agreed++
			foretold = true
		case first.Errno != "OK":
			tally.Other++
		case slices.ContainsFunc(list, func(c Claim) bool { return c.Errno != "" }):
			tally.Wrong = append(tally.Wrong, first.Module)
		default: // a crash that needs another livepatch to be active
			tally.Foretold--
		}
	}
	switch {
	case first.Errno == "OK" && len(claims) == 0:
		t.Accepted++
	case first.Errno != "OK" && !foretold:
		t.Unforetold = append(t.Unforetold, fmt.Sprintf("%s: %s %q", first.Module, first.Errno, first.Messages))
	}
}

func (c Claim) holds(errno string) bool {
	if errno == "CRASH" {
		return c.Crash
	}
	return slices.Contains(strings.Split(c.Errno, " or "), errno)
}

// Table writes the tallies as a Markdown table, in the order of the rules.
func (t *Tallies) Table() string {
	var b strings.Builder
	b.WriteString("| rule | refusals foretold | observed | refused for an earlier reason | accepted all the same |\n|---|---|---|---|---|\n")
	for _, rule := range slices.Sorted(maps.Keys(t.Rules)) {
		r := t.Rules[rule]
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d |\n", rule, r.Foretold, r.Agreed, r.Other, len(r.Wrong))
	}
	fmt.Fprintf(&b, "\nNo rule spoke against %d further modules, and the kernel took them. %d refusals were foretold by no rule.\n", t.Accepted, len(t.Unforetold))
	return b.String()
}
