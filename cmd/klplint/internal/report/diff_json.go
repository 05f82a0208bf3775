package report

import (
	"io"

	"github.com/klplint/klplint/cmd/klplint/internal/diff"
	"github.com/klplint/klplint/klp"
)

// DiffJSON writes what differs as JSON.
func DiffJSON(w io.Writer, d *diff.Diff) error {
	e := newEncoder(w)
	e.open('{')
	e.int("schema", 1)
	e.key("old")
	diffSide(e, d.Old)
	e.key("new")
	diffSide(e, d.New)
	e.key("objects")
	e.open('[')
	for i := range d.Objects {
		diffObject(e, &d.Objects[i])
		e.flushIf()
	}
	e.close(']')
	e.key("states")
	e.open('[')
	for i := range d.States {
		s := &d.States[i]
		e.open('{')
		e.uint("id", s.ID)
		e.str("change", string(s.Change))
		if s.Old != nil {
			e.uint("old_version", uint64(s.Old.Version))
		}
		if s.New != nil {
			e.uint("new_version", uint64(s.New.Version))
		}
		e.close('}')
	}
	e.close(']')
	e.key("klp_symbols")
	e.open('{')
	diffSymbols(e, "gained", d.Relas.Gained)
	diffSymbols(e, "lost", d.Relas.Lost)
	e.int("kept", int64(d.Relas.Kept))
	e.close('}')
	diffTransition(e, "load", d.Load)
	diffTransition(e, "back", d.Back)
	e.key("items")
	e.open('[')
	for _, i := range d.Items() {
		e.open('{')
		e.str("severity", i.Severity.String())
		e.str("kind", i.Kind)
		e.str("change", i.Change)
		e.strIf("subject", i.Subject)
		e.strIf("detail", i.Detail)
		e.close('}')
		e.flushIf()
	}
	e.close(']')
	e.close('}')
	e.b = append(e.b, '\n')
	return e.finish()
}

func diffSide(e *encoder, m *klp.Module) {
	e.open('{')
	e.str("path", m.Path)
	e.str("name", m.Name)
	e.str("arch", string(m.Arch))
	e.str("kernel_release", m.Vermagic.Release)
	e.strIf("toolchain", string(m.Toolchain))
	e.str("replace", m.Replace.String())
	e.close('}')
}

func diffObject(e *encoder, o *diff.Object) {
	e.open('{')
	e.str("name", o.Name)
	e.bool("literal", o.Literal)
	e.str("change", string(o.Change))
	e.strs("callbacks_gained", callbackNames(o.CallbacksGained))
	e.strs("callbacks_lost", callbackNames(o.CallbacksLost))
	e.key("funcs")
	e.open('[')
	for i := range o.Funcs {
		f := &o.Funcs[i]
		e.open('{')
		e.str("name", f.Name)
		e.uint("position", f.Position)
		e.str("change", string(f.Change))
		if f.Old != nil {
			e.uint("old_sympos", f.Old.Sympos)
			e.uint("old_new_size", f.Old.New.Size)
		}
		if f.New != nil {
			e.uint("new_sympos", f.New.Sympos)
			e.uint("new_new_size", f.New.New.Size)
		}
		e.close('}')
	}
	e.close(']')
	e.close('}')
}

func callbackNames(kinds []klp.CallbackKind) []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return names
}

func diffSymbols(e *encoder, name string, symbols []diff.Symbol) {
	e.key(name)
	e.open('[')
	for _, s := range symbols {
		e.open('{')
		e.str("object", s.Object)
		e.str("name", s.Name)
		e.uint("sympos", s.Sympos)
		e.close('}')
		e.flushIf()
	}
	e.close(']')
}

func diffTransition(e *encoder, name string, t *diff.Transition) {
	if t == nil {
		return
	}
	e.key(name)
	e.open('{')
	all, _ := t.Accepted()
	e.bool("accepted", all)
	e.strIf("not_judged", t.Unjudged)
	e.key("verdicts")
	e.open('[')
	for i := range t.Verdicts {
		v := &t.Verdicts[i]
		e.open('{')
		e.str("model", v.Model)
		e.strIf("assumed", v.Assumed)
		e.str("outcome", string(v.Decision.Outcome))
		e.strIf("errno", v.Decision.Errno)
		e.strIf("reason", v.Decision.Reason)
		e.strs("replaced", v.Decision.Replaced)
		e.close('}')
	}
	e.close(']')
	e.close('}')
}
