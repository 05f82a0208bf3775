package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// Run makes the steps under one model. It returns one trace, or several where
// the replace of modules is not known and both values have to be judged, of each
// module. A model that cannot judge the modules gives a trace that says why.
func (p *Plan) Run(m replace.Model, env replace.Env) []Trace {
	if len(p.Symbols)+len(p.Untraceable) > 0 {
		env.Target = &target{symbols: p.Symbols, untraceable: p.Untraceable, behaviour: env.Behaviour, next: env.Target}
	}
	unknown := p.unknown(m)
	if len(unknown) == 0 {
		return []Trace{p.run(m, env, nil)}
	}
	var traces []Trace
	for _, assumed := range readings(unknown) {
		t := p.run(m, env, assumed)
		t.Reading = readingOf(unknown, assumed)
		traces = append(traces, t)
	}
	return traces
}

// maxMixed is for how many modules all combinations of values are tried.
const maxMixed = 3

// readings are the values that are tried for the flags of modules: all
// combinations of a few, of many only the two in which they are equal.
func readings(unknown []*Module) []map[*Module]bool {
	var out []map[*Module]bool
	for bits := range 1 << min(len(unknown), maxMixed) {
		assumed := make(map[*Module]bool, len(unknown))
		for i, x := range unknown {
			assumed[x] = bits>>(i%maxMixed)&1 == 1
		}
		out = append(out, assumed)
	}
	if len(unknown) <= maxMixed {
		return out
	}
	out = out[:2]
	for i, x := range out {
		for _, m := range unknown {
			x[m] = i == 1
		}
	}
	return out
}

// readingOf says what a reading assumes.
func readingOf(unknown []*Module, assumed map[*Module]bool) string {
	var parts []string
	for _, flag := range []bool{false, true} {
		var labels []string
		for _, x := range unknown {
			if assumed[x] == flag {
				labels = append(labels, x.Label)
			}
		}
		if len(labels) > 0 {
			parts = append(parts, fmt.Sprintf("%t for %s", flag, strings.Join(labels, ", ")))
		}
	}
	s := "assuming replace " + strings.Join(parts, ", ")
	if len(unknown) > maxMixed {
		s += "; not tried: different values for different modules"
	}
	return s
}

// unknown lists the livepatches whose flag is not known at some load of them,
// where a flag is what the model asks for: it has two values, so that both can
// be tried.
func (p *Plan) unknown(m replace.Model) []*Module {
	var list []*Module
	if m.Name() != replace.NameMainline {
		return nil
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Op != Load || s.Module.Klp == nil || slices.Contains(list, s.Module) {
			continue
		}
		_, err := pick(s.Module, m)
		var field *replace.FieldError
		if !errors.As(err, &field) || !field.Unknown() {
			continue
		}
		if flag, err := s.flagAt(); flag == nil && err == nil {
			list = append(list, s.Module)
		}
	}
	return list
}

// run makes the steps; assumed are the flags of the modules that do not tell them.
func (p *Plan) run(m replace.Model, env replace.Env, assumed map[*Module]bool) Trace {
	t := Trace{Model: m.Name()}
	loads := make([]*replace.Livepatch, len(p.Steps))
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Op != Load || s.Module.Kind == KindTarget {
			continue
		}
		lp, err := s.livepatch(m, assumed)
		if _, refused := errors.AsType[*paramError](err); refused {
			continue
		}
		if err != nil {
			t.NotJudged = fmt.Sprintf("%s: %v", s.Module.Label, err)
			return t
		}
		loads[i] = lp
	}
	sys := replace.NewSystem(m, env)
	shown := 0
	for i := range p.Steps {
		s := &p.Steps[i]
		var d replace.Decision
		sys, d = s.make(sys, loads[i])
		if len(s.Override) > 0 && (m.Name() == replace.NameMainline || m.Name() == replace.NameReplaceSet) {
			d.Assumed = append(d.Assumed, "override does not exist under "+m.Name()+" and is left out")
		}
		if lp := loads[i]; lp != nil {
			if len(lp.Module.Replace.Supersedes) > 0 && m.Name() == replace.NameReplaceSet {
				d.Assumed = append(d.Assumed, "supersedes does not exist under "+m.Name()+" and is left out")
			}
			if says := s.byParameter(); says != "" {
				d.Assumed = append(d.Assumed, says)
			}
		}
		r := Result{Op: s.Op, Override: s.Override, Params: s.Params, Expect: s.Expect, ExpectCalls: s.ExpectCalls, Decision: d, Owners: sys.Owners(), Aliases: sys.Aliases()}
		r.Module, r.Name, r.Path = s.subject()
		if lp := loads[i]; lp != nil {
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

// make makes one step. lp is the livepatch of its load.
func (s *Step) make(sys replace.System, lp *replace.Livepatch) (replace.System, replace.Decision) {
	moving := sys
	if s.Stalls {
		moving = sys.Stalling()
	}
	switch s.Op {
	case Load:
		if s.Module.Kind == KindTarget {
			return sys.LoadTarget(replace.TargetModule{Name: s.Module.Name, Symbols: s.Module.Symbols, Module: s.Module.Target})
		}
		if _, err := s.flagAt(); err != nil {
			return sys, replace.Decision{Outcome: replace.Refused, Errno: "EINVAL", Messages: []string{s.Module.Name + ": " + err.Error()}, Reason: "a module parameter has a value that the loader cannot read"}
		}
		return moving.Load(lp, replace.LoadOptions{Override: s.Override})
	case Disable:
		return moving.Disable(s.Module.Name)
	case Unload:
		return sys.Unload(s.Module.Name)
	case Finish:
		return sys.Finish(s.Module.Name)
	case Set:
		return sys.SetPrePatch(s.Module.Name, s.Object, s.Errno), replace.Decision{Outcome: replace.Done}
	case Hold:
		return sys.Hold(s.Func.Object, s.Func.Name, s.Func.Sympos)
	case Release:
		return sys.Release(s.Func.Object, s.Func.Name, s.Func.Sympos)
	case Ftrace:
		return sys.Ftrace(s.On)
	}
	return sys, replace.Decision{Outcome: replace.Done}
}

// subject is what a step is about: the label, name and file of a module, a func,
// or what ftrace_enabled becomes.
func (s *Step) subject() (label, name, path string) {
	switch {
	case s.Module != nil:
		return s.Module.Label, s.Module.Name, s.Module.File
	case s.Op != Ftrace:
		label = s.Func.Object + ":" + s.Func.Name
		if s.Func.Sympos > 1 {
			label = fmt.Sprintf("%s,%d", label, s.Func.Sympos)
		}
	case s.On:
		label = "on"
	default:
		label = "off"
	}
	return label, "", ""
}

// livepatch is the module as the model takes it at this load.
func (s *Step) livepatch(m replace.Model, assumed map[*Module]bool) (*replace.Livepatch, error) {
	x := s.Module
	if x.Klp == nil {
		return nil, fmt.Errorf("the file %s was not read", x.File)
	}
	field, err := pick(x, m)
	if m.Name() == replace.NameMainline {
		flag, ferr := s.flagAt()
		if ferr != nil {
			return nil, ferr
		}
		var unread *replace.FieldError
		unknown := errors.As(err, &unread) && unread.Unknown()
		if value, tried := assumed[x]; unknown && flag == nil && tried {
			flag = &value
		}
		if flag != nil && (unknown || x.ReplaceParam != "") {
			field = klp.Replace{Kind: klp.KindFlag, Flag: *flag, Source: klp.FromNone, FieldSource: klp.FieldAssumed}
			err = nil
		}
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
