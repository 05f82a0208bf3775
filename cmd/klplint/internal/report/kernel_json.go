package report

import (
	"io"

	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

// KernelsJSON writes the JSON of `klplint kernel`:
// {"schema":1,"kernels":[...],"lookups":[...]}.
func KernelsJSON(w io.Writer, ks *Kernels) error {
	e := newEncoder(w)
	e.open('{')
	e.uint("schema", 1)
	e.key("kernels")
	e.open('[')
	for _, k := range ks.Kernels {
		e.kernel(k)
	}
	e.close(']')
	e.key("lookups")
	e.open('[')
	for i := range ks.LookUps {
		e.lookUp(&ks.LookUps[i])
		e.flushIf()
	}
	e.close(']')
	e.close('}')
	e.b = append(e.b, '\n')
	return e.finish()
}

// kernel writes one kernel. Counts of what is not known are left out.
func (e *encoder) kernel(k *kernel.Kernel) {
	e.open('{')
	e.str("release", k.Release())
	e.str("arch", string(k.Arch()))
	e.str("vermagic", k.Vermagic())
	e.strIf("banner", k.Banner())
	e.key("sources")
	e.open('[')
	for _, s := range k.Sources() {
		e.open('{')
		e.str("path", s.Path)
		e.str("kind", string(s.Kind))
		e.strIf("note", s.Note)
		e.close('}')
	}
	e.close(']')
	e.key("counts")
	e.open('{')
	c := k.Counts()
	for _, n := range []struct {
		name  string
		count int
	}{
		{"symbols", c.Symbols},
		{"traceable", c.Traceable},
		{"exports", c.Exports},
		{"modules", c.Modules},
		{"listed_modules", c.ListedModules},
		{"options", c.Options},
	} {
		if n.count >= 0 {
			e.int(n.name, int64(n.count))
		}
	}
	e.close('}')
	e.strIf("symbols_from", k.SymbolsFrom())
	if l := k.Layout(); l != nil {
		e.kernelLayout(l)
	}
	if n := k.ModuleStructSize(); n > 0 {
		e.uint("struct_module_size", n)
	}
	b := k.Behaviour()
	e.key("behaviour")
	e.open('{')
	e.strs("init_eexist", b.InitEEXIST)
	e.str("null_name_crashes", b.NullNameCrashes.String())
	e.str("sympos01", b.Sympos01.String())
	e.str("this_module_size_checked", b.ThisModuleSizeChecked.String())
	e.close('}')
	e.strs("missing", k.Missing())
	e.close('}')
}

func (e *encoder) kernelLayout(l *klp.Layout) {
	e.key("layout")
	e.open('{')
	e.str("source", string(l.Source))
	e.uint("klp_patch", l.PatchSize)
	e.uint("klp_object", l.ObjectSize)
	e.uint("klp_func", l.FuncSize)
	if l.HasStates {
		e.uint("klp_state", l.StateSize)
	}
	e.uint("replace_offset", l.PatchReplace)
	e.str("replace_field", string(l.ReplaceField))
	e.close('}')
}

func (e *encoder) lookUp(l *LookUp) {
	e.open('{')
	e.str("kernel_release", l.Release)
	e.str("object", l.Object)
	e.str("name", l.Name)
	e.strIf("srcversion", l.SrcVersion)
	e.strIf("error", l.Error)
	e.strIf("rule", l.Rule)
	e.strIf("derived", l.Derived)
	e.key("positions")
	e.open('[')
	for i := range l.Positions {
		p := &l.Positions[i]
		e.open('{')
		e.uint("sympos", p.Sympos)
		if p.HasAddr {
			e.str("address", address(p))
		}
		if p.Size > 0 && p.Size <= 1<<32 {
			e.uint("size", p.Size)
			e.bool("size_exact", p.Exact)
		}
		e.str("kind", kind(p))
		e.str("traceable", p.Traceable.String())
		e.bool("init", p.Init)
		e.strIf("file", p.File)
		e.close('}')
	}
	e.close(']')
	e.key("verdicts")
	e.open('[')
	for _, v := range l.Verdicts {
		e.open('{')
		e.uint("sympos", v.Sympos)
		e.str("status", string(v.Status))
		e.strIf("rule", v.Rule)
		e.strIf("errno", v.Errno)
		e.strIf("message", v.Text)
		e.close('}')
	}
	e.close(']')
	e.strs("similar", l.Similar)
	e.close('}')
}
