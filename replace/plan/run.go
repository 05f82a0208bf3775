package plan

import (
	"errors"
	"fmt"
	"strings"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// Run makes the steps under one model. It returns one trace, or two where the
// replace of a module is not known and both values have to be judged. A model
// that cannot judge the modules gives a trace that says why.
func (p *Plan) Run(m replace.Model, env replace.Env) []Trace {
	if len(p.Symbols)+len(p.Untraceable) > 0 {
		env.Target = &target{symbols: p.Symbols, untraceable: p.Untraceable, behaviour: env.Behaviour, next: env.Target}
	}
	unknown := p.unknown(m)
	if len(unknown) == 0 {
		return []Trace{p.run(m, env, nil)}
	}
	var traces []Trace
	for _, flag := range []bool{false, true} {
		t := p.run(m, env, &flag)
		t.Reading = fmt.Sprintf("assuming replace %t for %s", flag, strings.Join(unknown, ", "))
		traces = append(traces, t)
	}
	return traces
}

// unknown lists the livepatches whose flag is not known, where a flag is what
// the model asks for: it has two values, so that both can be tried.
func (p *Plan) unknown(m replace.Model) []string {
	var labels []string
	if m.Name() != replace.NameMainline {
		return nil
	}
	for _, x := range p.Modules {
		if x.Klp == nil {
			continue
		}
		_, err := pick(x, m)
		var field *replace.FieldError
		if errors.As(err, &field) && field.Unknown() {
			labels = append(labels, x.Label)
		}
	}
	return labels
}

// run makes the steps; assumed is the flag of the modules that do not tell it.
func (p *Plan) run(m replace.Model, env replace.Env, assumed *bool) Trace {
	t := Trace{Model: m.Name()}
	patches := make(map[*Module]*replace.Livepatch, len(p.Modules))
	for _, s := range p.Steps {
		if s.Module.Kind == KindTarget || s.Op != Load || patches[s.Module] != nil {
			continue
		}
		lp, err := s.Module.livepatch(m, assumed)
		if err != nil {
			t.NotJudged = fmt.Sprintf("%s: %v", s.Module.Label, err)
			return t
		}
		patches[s.Module] = lp
	}
	sys := replace.NewSystem(m, env)
	shown := 0
	for i, s := range p.Steps {
		var d replace.Decision
		switch {
		case s.Op == Load && s.Module.Kind == KindTarget:
			sys, d = sys.LoadTarget(replace.TargetModule{Name: s.Module.Name, Symbols: s.Module.Symbols})
		case s.Op == Load:
			sys, d = sys.Load(patches[s.Module], replace.LoadOptions{Override: s.Override})
		case s.Op == Disable:
			sys, d = sys.Disable(s.Module.Name)
		case s.Op == Unload:
			sys, d = sys.Unload(s.Module.Name)
		}
		if len(s.Override) > 0 && (m.Name() == replace.NameMainline || m.Name() == replace.NameReplaceSet) {
			d.Assumed = append(d.Assumed, "override does not exist under "+m.Name()+" and is left out")
		}
		if lp := patches[s.Module]; lp != nil && s.Op == Load && len(lp.Module.Replace.Supersedes) > 0 && m.Name() == replace.NameReplaceSet {
			d.Assumed = append(d.Assumed, "supersedes does not exist under "+m.Name()+" and is left out")
		}
		r := Result{Op: s.Op, Module: s.Module.Label, Name: s.Module.Name, Path: s.Module.File, Override: s.Override, Decision: d, Owners: sys.Owners(), Aliases: sys.Aliases()}
		if lp := patches[s.Module]; lp != nil && s.Op == Load {
			r.Sets, r.Evicts = lp.Reading.Sets, lp.Reading.Evicts
		}
		for _, lp := range sys.Active() {
			r.Active = append(r.Active, Active{Name: lp.Name, Sets: lp.Reading.Sets})
		}
		if shown += len(r.Active) + len(r.Owners); shown > MaxShown {
			return Trace{Model: m.Name(), NotJudged: fmt.Sprintf("step %d: the trace would show more than %d active livepatches and owners of funcs", i+1, MaxShown)}
		}
		t.Steps = append(t.Steps, r)
		if d.Outcome == replace.Crash {
			t.Unreached = len(p.Steps) - i - 1
			break
		}
	}
	return t
}

// livepatch is the module as the model takes it.
func (x *Module) livepatch(m replace.Model, assumed *bool) (*replace.Livepatch, error) {
	if x.Klp == nil {
		return nil, fmt.Errorf("the file %s was not read", x.File)
	}
	field, err := pick(x, m)
	var unread *replace.FieldError
	if errors.As(err, &unread) && unread.Unknown() && assumed != nil {
		field = klp.Replace{Kind: klp.KindFlag, Flag: *assumed, Source: klp.FromNone, FieldSource: klp.FieldAssumed}
		err = nil
	}
	if err != nil {
		return nil, err
	}
	mod := *x.Klp
	mod.Replace = field
	lp, err := replace.NewLivepatch(m, &mod)
	if err != nil {
		return nil, err
	}
	lp.PrePatchErrno = x.PrePatchErrno
	return lp, nil
}

// pick chooses the field that the model is about: the first that it can read,
// that of its own kind first. A described module without any has its zero.
func pick(x *Module, m replace.Model) (klp.Replace, error) {
	want := kindOf(m)
	if len(x.Fields) == 0 {
		return klp.Replace{Kind: want, Source: klp.FromNone, FieldSource: klp.FieldAssumed}, nil
	}
	for i := range x.Fields {
		if x.Fields[i].Kind == want {
			_, err := m.Read(&x.Fields[i])
			return x.Fields[i], err
		}
	}
	var first error
	for i := range x.Fields {
		_, err := m.Read(&x.Fields[i])
		if err == nil {
			return x.Fields[i], nil
		}
		if first == nil {
			first = err
		}
	}
	return x.Fields[0], first
}

func kindOf(m replace.Model) klp.ReplaceKind {
	switch m.Name() {
	case replace.NameReplaceSet, replace.NameSupersedes:
		return klp.KindSet
	case replace.NameSetsPositional, replace.NameSetsFlat:
		return klp.KindSets
	}
	return klp.KindFlag
}

// Models returns the models that the modules' own fields ask for, where the
// user names none (see replace.Default). Described modules that carry several
// fields ask for the models of all the fields that every module has. A
// *replace.MixedError says that there is no such field.
func (p *Plan) Models() ([]replace.Model, error) {
	var common []klp.ReplaceKind
	var carriers []*Module
	lists := false
	for _, x := range p.Modules {
		kinds := x.kinds()
		if len(kinds) == 0 {
			continue
		}
		if carriers = append(carriers, x); len(carriers) == 1 {
			common = kinds
		}
		common = intersect(common, kinds)
		if len(common) == 0 {
			return nil, &replace.MixedError{A: carriers[0].Label, B: x.Label, KindA: carriers[0].kinds()[0], KindB: kinds[0]}
		}
		for _, f := range x.Fields {
			lists = lists || len(f.Supersedes) > 0
		}
	}
	if len(carriers) == 0 {
		return []replace.Model{replace.Mainline{}}, nil
	}
	var models []replace.Model
	for _, m := range replace.All() {
		kind := kindOf(m)
		for _, k := range common {
			if k == kind && (k != klp.KindSet || len(common) > 1 || lists == (m.Name() == replace.NameSupersedes)) {
				models = append(models, m)
			}
		}
	}
	return models, nil
}

// kinds lists the kinds of field that are known of the module.
func (x *Module) kinds() []klp.ReplaceKind {
	var out []klp.ReplaceKind
	for _, f := range x.Fields {
		if f.Kind != klp.KindUnknown && f.Kind != "" {
			out = append(out, f.Kind)
		}
	}
	return out
}

func intersect(a, b []klp.ReplaceKind) []klp.ReplaceKind {
	var out []klp.ReplaceKind
	for _, k := range a {
		for _, l := range b {
			if k == l {
				out = append(out, k)
			}
		}
	}
	return out
}
