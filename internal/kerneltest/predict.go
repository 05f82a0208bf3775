package kerneltest

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// Predict answers the scenarios by reading the built modules of folder
// (KEY.ko) and asking package replace, under the suite's model, for a kernel of
// which target tells the symbols. A module whose replace flag is not known is
// judged both ways; a step on which that makes a difference is answered
// UNDECIDED.
func Predict(suite *Suite, folder string, target klp.Target) ([]Scenario, error) {
	model, err := replace.ByName(suite.Model)
	if err != nil {
		return nil, err
	}
	modules := map[string]*klp.Module{}
	for key, m := range suite.Modules {
		if m.Kind == "target" {
			continue
		}
		if modules[key], err = elfread.Open(filepath.Join(folder, key+".ko"), elfread.Options{}); err != nil {
			return nil, err
		}
	}
	var both [2][]Scenario
	for i, unknown := range []bool{false, true} {
		patches, err := livepatches(suite, model, modules, unknown)
		if err != nil {
			return nil, err
		}
		if both[i], err = predict(suite, model, patches, target); err != nil {
			return nil, err
		}
	}
	for i := range both[0] {
		for j := range min(len(both[0][i].Steps), len(both[1][i].Steps)) {
			if step := &both[0][i].Steps[j]; !step.equal(both[1][i].Steps[j].Answer) {
				step.Errno = "UNDECIDED"
			}
		}
	}
	return both[0], nil
}

// livepatches reads the modules under the model, an unknown flag as given.
func livepatches(suite *Suite, model replace.Model, modules map[string]*klp.Module, unknown bool) (map[string]*replace.Livepatch, error) {
	patches := map[string]*replace.Livepatch{}
	for key, read := range modules {
		p, err := replace.NewLivepatch(model, read)
		var field *replace.FieldError
		if errors.As(err, &field) {
			assumed := *read
			assumed.Replace = klp.Replace{Kind: klp.KindFlag, Flag: unknown}
			if read.Replace.Kind == klp.KindSet {
				assumed.Replace.Flag = byte(read.Replace.Set) != 0 // the kernel reads a bool there
			}
			p, err = replace.NewLivepatch(model, &assumed)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		m := suite.Modules[key]
		if m.fails() {
			p.PrePatchErrno = "ENODEV"
		}
		m.freed = read.Toolchain == klp.Static && strings.HasPrefix(read.Patch.At.Section, ".init.")
		suite.Modules[key] = m
		patches[key] = p
	}
	return patches, nil
}

func predict(suite *Suite, model replace.Model, patches map[string]*replace.Livepatch, target klp.Target) ([]Scenario, error) {
	predicted := make([]Scenario, len(suite.Scenarios))
	for i, scenario := range suite.Scenarios {
		scenario.Steps = slices.Clone(scenario.Steps)
		if scenario.Calls {
			predicted[i] = scenario
			continue
		}
		system := replace.NewSystem(model, replace.Env{Behaviour: target.Behaviour(), Target: target})
		freed := false // the kernel uses memory that it has freed (KLP111)
		for j := range scenario.Steps {
			step := &scenario.Steps[j]
			m := suite.Modules[step.Module]
			var d replace.Decision
			switch {
			case step.Op == "load" && m.Kind == "target":
				system, d = system.LoadTarget(replace.TargetModule{Name: m.Name, Symbols: m.symbols()})
			case step.Op == "load":
				system, d = system.Load(patches[step.Module], replace.LoadOptions{})
			case step.Op == "disable":
				system, d = system.Disable(m.Name)
			case step.Op == "unload":
				system, d = system.Unload(m.Name)
			default:
				return nil, fmt.Errorf("scenario %s: unknown operation %q", scenario.Name, step.Op)
			}
			step.Answer = answer(system, d)
			freed = freed || step.Op == "load" && m.freed
			step.luck = step.luck || freed
			if suite.Built {
				step.Owners = map[string]string{} // their funcs do not say whose they are
			}
			if d.Outcome == replace.Crash {
				scenario.Steps = scenario.Steps[:j+1]
				break
			}
		}
		predicted[i] = scenario
	}
	return predicted, nil
}

// fails reports whether the module's pre_patch callback returns an error.
func (m *Module) fails() bool { return strings.Contains(m.Name, "fail") }

// symbols are those of a target module once its init sections are gone.
func (m *Module) symbols() replace.SymbolList {
	list := replace.SymbolList{"cleanup_module": 1, "__this_module": 1}
	for _, name := range m.Targets {
		list[name]++
	}
	return list
}

// answer puts a decision into the form of an observation: of the owners only
// those of funcs that the guest can call.
func answer(system replace.System, d replace.Decision) Answer {
	a := Answer{Errno: "OK", Messages: d.Messages, Active: []string{}, Owners: map[string]string{}}
	switch d.Outcome {
	case replace.Refused:
		a.Errno = d.Errno
	case replace.Crash:
		a.Errno = crashed
		a.luck = slices.ContainsFunc(d.Undecided, func(u replace.Undecided) bool { return u.Otherwise == "accepted" })
		return a
	}
	for _, p := range system.Active() {
		a.Active = append(a.Active, p.Name)
	}
	sort.Strings(a.Active)
	a.Owners = ownersSeen(system.Owners())
	return a
}

// ownersSeen keeps the owners of those funcs whose code the guest sees, under the
// func by whose file it does.
func ownersSeen(owners map[string]string) map[string]string {
	seen := map[string]string{}
	for key, owner := range owners {
		if callable(key) {
			seen[key] = owner
		}
	}
	for key, owner := range owners {
		if position, called := strings.CutPrefix(key, directCallee); called && seen[directCaller+position] == "" {
			seen[directCaller+position] = owner
		}
	}
	return seen
}

// callable reports whether reading a file of /proc calls the func.
func callable(key string) bool {
	if name, ok := strings.CutPrefix(key, "vmlinux:"); ok {
		return procShow[name] != "" || strings.HasPrefix(key, directCaller)
	}
	return strings.HasPrefix(key, "klp_target:")
}

// Disagreement is a step on which prediction and kernel differ.
type Disagreement struct {
	Scenario            string
	Step                int
	Op, Module          string
	Predicted, Observed Answer
}

// String says both answers in a few lines.
func (d Disagreement) String() string {
	return fmt.Sprintf("%s step %d (%s %s):\n\tpredicted %s\n\tobserved  %s", d.Scenario, d.Step, d.Op, d.Module, d.Predicted, d.Observed)
}

// String writes an answer on one line.
func (a Answer) String() string {
	keys := make([]string, 0, len(a.Owners))
	for key, owner := range a.Owners {
		keys = append(keys, key+"="+owner)
	}
	sort.Strings(keys)
	return fmt.Sprintf("%s active %v owners %v %q", a.Errno, a.Active, keys, a.Messages)
}

// Compare lists the steps on which two answers to the same scenarios differ in
// errno, active livepatches or owners. Messages are not compared: a kernel logs
// more than the reason of a refusal.
func Compare(predicted, observed []Scenario) []Disagreement {
	var list []Disagreement
	byName := make(map[string]*Scenario, len(predicted))
	for i := range predicted {
		byName[predicted[i].Name] = &predicted[i]
	}
	for i := range observed {
		foretold := byName[observed[i].Name]
		if foretold == nil || foretold.Calls {
			continue
		}
		for j := range observed[i].Steps {
			o := &observed[i].Steps[j]
			d := Disagreement{Scenario: observed[i].Name, Step: j, Op: o.Op, Module: o.Module, Observed: o.Answer}
			if j < len(foretold.Steps) {
				d.Predicted = foretold.Steps[j].Answer
			} else {
				d.Predicted = Answer{Errno: crashed}
			}
			if d.Predicted.luck && (d.Observed.Errno == "OK" || d.Observed.Errno == crashed) {
				break // nothing is foretold of what follows
			}
			if !d.Predicted.equal(d.Observed) {
				list = append(list, d)
				break // what follows stands on this step
			}
		}
	}
	return list
}

func (a Answer) equal(b Answer) bool {
	if a.Errno != b.Errno || !slices.Equal(a.Active, b.Active) || len(a.Owners) != len(b.Owners) {
		return false
	}
	for key, owner := range a.Owners {
		if b.Owners[key] != owner {
			return false
		}
	}
	return true
}
