package diff

import (
	"errors"
	"fmt"
	"strings"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// Transition is what a kernel does with one of the modules while the other is
// active: one verdict for each model and, where a flag's value is not known,
// for each value.
type Transition struct {
	Verdicts []Verdict
	// Unjudged says why there is no verdict; "" when there is one.
	Unjudged string
	// SameName: both modules have one name, so that the kernel refuses either
	// while the other is loaded, whatever they patch.
	SameName bool
}

// Verdict is one model's decision.
type Verdict struct {
	Model    string
	Assumed  string // the value taken for an unknown flag, e.g. "replace"; "" when it is known
	Decision replace.Decision
}

// Judge fills Load and Back: it loads one module and then the other into a
// kernel where nothing else is loaded. Without models the modules' own field
// decides. Modules for different kernels are not judged.
func (d *Diff) Judge(models []replace.Model, env replace.Env) {
	if !d.SameKernel() {
		return
	}
	if models == nil {
		var err error
		if models, err = replace.Default([]*klp.Module{d.Old, d.New}); err != nil {
			d.Load, d.Back = &Transition{Unjudged: err.Error()}, &Transition{Unjudged: err.Error()}
			return
		}
	}
	d.Load = transition(models, env, d.Old, d.New)
	d.Back = transition(models, env, d.New, d.Old)
}

func transition(models []replace.Model, env replace.Env, active, next *klp.Module) *Transition {
	t := &Transition{SameName: replace.ModuleName(active) == replace.ModuleName(next)}
	for _, m := range models {
		for _, v := range bothWays(m, next) {
			decision, err := loadOver(m, env, active, v.module)
			if err != nil {
				t.Unjudged = err.Error()
				continue
			}
			t.Verdicts = append(t.Verdicts, Verdict{Model: m.Name(), Assumed: v.assumed, Decision: decision})
		}
	}
	return t
}

type variant struct {
	module  *klp.Module
	assumed string
}

// bothWays returns the module, or where the model cannot tell the value of a
// flag the module with either value.
func bothWays(m replace.Model, mod *klp.Module) []variant {
	_, err := m.Read(&mod.Replace)
	var field *replace.FieldError
	_, flag := m.(replace.Mainline)
	if !flag || !errors.As(err, &field) || !field.Unknown() {
		return []variant{{module: mod}}
	}
	var out []variant
	for _, value := range []bool{false, true} {
		c := *mod
		c.Replace = klp.Replace{Kind: klp.KindFlag, Flag: value, Source: klp.FromData, FieldSource: mod.Replace.FieldSource}
		out = append(out, variant{&c, c.Replace.String()})
	}
	return out
}

// loadOver loads active, whose own flag plays no part in what comes next, and
// then next.
func loadOver(m replace.Model, env replace.Env, active, next *klp.Module) (replace.Decision, error) {
	first, err := replace.NewLivepatch(m, bothWays(m, active)[0].module)
	if err != nil {
		return replace.Decision{}, fmt.Errorf("%s: %w", active.Path, err)
	}
	second, err := replace.NewLivepatch(m, next)
	if err != nil {
		return replace.Decision{}, fmt.Errorf("%s: %w", next.Path, err)
	}
	system, decision := replace.NewSystem(m, env).Load(first, replace.LoadOptions{})
	if !decision.Accepted() {
		return replace.Decision{}, fmt.Errorf("%s does not load even alone: %s", active.Path, reason(&decision))
	}
	_, decision = system.Load(second, replace.LoadOptions{})
	return decision, nil
}

// Accepted reports whether every verdict lets the module load, and whether
// any does.
func (t *Transition) Accepted() (all, some bool) {
	all = len(t.Verdicts) > 0
	for i := range t.Verdicts {
		if t.Verdicts[i].Decision.Accepted() {
			some = true
		} else {
			all = false
		}
	}
	return all, some
}

// item says the verdicts in one line. Not being able to load NEW over OLD is
// an error; not being able to go back is worth a warning, for that is how a
// state's version is meant to work.
func (t *Transition) item(kind string) Item {
	it := Item{Severity: finding.Info, Kind: kind}
	worst := finding.Error
	if kind == "back" || t.SameName { // two builds of one livepatch are compared
		worst = finding.Warning
	}
	all, some := t.Accepted()
	switch {
	case len(t.Verdicts) == 0:
		it.Severity, it.Change, it.Detail = finding.Warning, "not judged", t.Unjudged
		return it
	case all:
		it.Change = "accepted"
	case some:
		it.Severity, it.Change = finding.Warning, "depends"
	default:
		it.Severity, it.Change = worst, "refused"
	}
	parts := make([]string, len(t.Verdicts))
	for i := range t.Verdicts {
		parts[i] = t.Verdicts[i].String()
	}
	it.Detail = strings.Join(parts, "; ")
	return it
}

// String is the verdict in words, with its model.
func (v *Verdict) String() string {
	who := v.Model
	if v.Assumed != "" {
		who += " with " + v.Assumed
	}
	d := &v.Decision
	if !d.Accepted() {
		return who + ": " + reason(d)
	}
	text := who + ": " + string(d.Outcome)
	if len(d.Replaced) > 0 {
		text += " " + strings.Join(d.Replaced, ", ")
	}
	if len(d.Undecided) > 0 {
		text += fmt.Sprintf(" (undecided: %s; otherwise %s)", d.Undecided[0].Question, d.Undecided[0].Otherwise)
	}
	return text
}

func reason(d *replace.Decision) string {
	if d.Errno == "" {
		return fmt.Sprintf("%s: %s", d.Outcome, d.Reason)
	}
	return fmt.Sprintf("%s (%s)", d.Reason, d.Errno)
}
