package report

import (
	"io"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/report/jsonform"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// DumpJSON writes the JSON of dump, module by module as they come.
type DumpJSON struct {
	form    jsonform.Dump
	growing *jsonform.Growing
	errors  []lint.Error
}

// NewDumpJSON begins the output.
func NewDumpJSON(w io.Writer, _ Options) Dumper {
	d := &DumpJSON{form: jsonform.Dump{Schema: jsonform.Version}}
	d.growing = jsonform.Begin(w, &d.form)
	return d
}

// Module appends one module.
func (d *DumpJSON) Module(m *klp.Module) error {
	form := jsonModule(m)
	return d.growing.Add(&form)
}

// Problem keeps what could not be read for the end.
func (d *DumpJSON) Problem(p lint.Error) error {
	d.errors = append(d.errors, p)
	return nil
}

// Close ends the output.
func (d *DumpJSON) Close(DumpTotal) error {
	d.form.Errors = jsonProblems(d.errors)
	return d.growing.End()
}

func jsonModule(m *klp.Module) jsonform.Module {
	form := jsonform.Module{
		Path: m.Path, Name: m.Name, Kind: string(m.Kind), Arch: string(m.Arch),
		KernelRelease: m.Vermagic.Release, Vermagic: m.Vermagic.Raw, Toolchain: string(m.Toolchain),
		SHA256: m.SHA256, Size: m.Size, Compression: string(m.Compression),
		Signed: m.Signature != nil, SignatureError: m.SignatureError,
		Depends: []string{}, Reason: m.Patch.Reason,
		Objects: formsOf(m.Patch.Objects, jsonObject), States: formsOf(m.Patch.States, jsonState),
		KlpRelas: formsOf(m.KlpRelas, func(r *klp.KlpRela) jsonform.KlpRela { return jsonKlpRela(m, r) }),
	}
	if s := m.Signature; s != nil {
		form.Signature = &jsonform.Signature{IDType: s.IDType, Hash: s.Hash, Algorithm: s.Algo, Signer: s.Signer}
	}
	form.License, _ = m.Modinfo.Get("license")
	depends, _ := m.Modinfo.Get("depends")
	for name := range strings.SplitSeq(depends, ",") {
		if name != "" {
			form.Depends = append(form.Depends, name)
		}
	}
	if m.Layout.Source != "" {
		form.Layout = &jsonform.Layout{Source: string(m.Layout.Source)}
	}
	if m.IsLivepatch() {
		form.Replace = jsonReplace(&m.Replace)
	}
	return form
}

func jsonReplace(r *klp.Replace) *jsonform.Replace {
	form := &jsonform.Replace{Kind: string(r.Kind), Source: string(r.Source), FieldSource: string(r.FieldSource), Reason: r.Reason}
	if p := r.Param; p != nil {
		form.Param = &jsonform.Param{Name: p.Name, Type: p.Type, Default: p.Default}
	}
	switch r.Kind {
	case klp.KindFlag:
		form.Flag = new(r.Flag)
	case klp.KindSet:
		form.Set, form.Supersedes = new(r.Set), r.Supersedes
	case klp.KindSets:
		form.Sets, form.Null = listOf(r.Sets), new(r.SetsNull)
	case klp.KindUnknown:
	}
	return form
}

func jsonObject(o *klp.Object) jsonform.Object {
	return jsonform.Object{
		Name: o.Name, Literal: o.Literal,
		Callbacks: formsOf(o.Callbacks, func(c *klp.Callback) string { return string(c.Kind) }),
		Funcs:     formsOf(o.Funcs, jsonFunc),
	}
}

func jsonFunc(f *klp.Func) jsonform.Func {
	form := jsonform.Func{Name: f.Name, Demangled: demangled(f.Name), Sympos: f.Sympos, New: f.New.Symbol, OldSize: f.OldSize}
	if f.New.Symbol != "" {
		form.NewSize = new(f.New.Size)
	}
	return form
}

func jsonKlpRela(m *klp.Module, r *klp.KlpRela) jsonform.KlpRela {
	return jsonform.KlpRela{
		Section: r.Section, Object: r.Object, Target: r.Target,
		Symbols: formsOf(r.Symbols, func(at *int) jsonform.KlpSymbol {
			s := &m.KlpSyms[*at]
			return jsonform.KlpSymbol{Object: s.Object, Name: s.Name, Sympos: s.Sympos}
		}),
	}
}
