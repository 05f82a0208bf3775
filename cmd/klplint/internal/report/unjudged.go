package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/klplint/klplint/rules"
)

// maxLacks bounds how many things that a rule lacks the short line names.
const maxLacks = 2

// Lacks says in lines, escaped, which rules could not judge and what they lack: by
// their IDs, or else in one line by what they look at.
func (l *Lint) Lacks(byID bool) []string {
	if byID {
		return l.NotEvaluated()
	}
	var parts []string
	kernel, set, other := l.lacking()
	if n := len(kernel.rules); n > 0 {
		parts = append(parts, count(n, "rule")+" about the kernel ("+kernel.lack("no kernel was given")+")")
	}
	if n := len(set.rules); n > 0 {
		parts = append(parts, count(n, "rule")+" about a set of modules (there is one module)")
	}
	if len(other.rules) > 0 {
		parts = append(parts, strings.Join(other.rules, " ")+" ("+other.lack("")+")")
	}
	if len(parts) == 0 {
		return nil
	}
	return []string{Escape("not evaluated: " + strings.Join(parts, "; ") + "; -v names the rules")}
}

// lacking are rules that could not judge, and what they lack, each once.
type lacking struct{ rules, needs []string }

func (k *lacking) add(rule, needs string) {
	if !slices.Contains(k.rules, rule) {
		k.rules = append(k.rules, rule)
	}
	if !slices.Contains(k.needs, needs) {
		k.needs = append(k.needs, needs)
	}
}

// lack is what is needed, in some words; none stands for the kernel as a whole.
func (k *lacking) lack(none string) string {
	if slices.Equal(k.needs, []string{"kernel"}) {
		return none
	}
	some := k.needs
	if len(some) > maxLacks {
		return fmt.Sprintf("needs %s, and %d more", strings.Join(some[:maxLacks], "; "), len(some)-maxLacks)
	}
	return "needs " + strings.Join(some, "; ")
}

// lacking sorts the rules that could not judge by what they look at.
func (l *Lint) lacking() (kernel, set, other lacking) {
	ofKernel := make(map[string]bool, len(l.Rules))
	for _, r := range l.Rules {
		ofKernel[r.ID()] = r.Requires(rules.KernelInput)
	}
	for _, n := range l.Verdict.NotEvaluated {
		switch {
		case n.Needs == "set":
			set.add(n.Rule, n.Needs)
		case ofKernel[n.Rule]:
			kernel.add(n.Rule, n.Needs)
		default:
			other.add(n.Rule, n.Needs)
		}
	}
	return kernel, set, other
}
