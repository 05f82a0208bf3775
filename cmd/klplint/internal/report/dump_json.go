package report

import (
	"io"
	"strconv"
	"strings"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// DumpJSON writes the JSON of dump, module by module as they come:
// {"schema":1,"modules":[...],"errors":[...]}, a module or error a line. The
// fields are those of docs/json.md.
type DumpJSON struct {
	e      *encoder
	errors []lint.Error
}

// NewDumpJSON begins the output.
func NewDumpJSON(w io.Writer) *DumpJSON {
	d := &DumpJSON{e: newEncoder(w)}
	d.e.open('{')
	d.e.uint("schema", 1)
	d.e.key("modules")
	d.e.open('[')
	return d
}

// Module appends one module.
func (d *DumpJSON) Module(m *klp.Module) error {
	d.e.line()
	d.e.module(m)
	d.e.flushIf()
	return d.e.err
}

// Problem keeps what could not be read for the end.
func (d *DumpJSON) Problem(p lint.Error) error {
	d.errors = append(d.errors, p)
	return d.e.err
}

// Close ends the output.
func (d *DumpJSON) Close(DumpTotal) error {
	e := d.e
	e.b = append(e.b, '\n')
	e.close(']')
	e.problems(d.errors)
	e.close('}')
	e.b = append(e.b, '\n')
	return e.finish()
}

// problems writes the member "errors".
func (e *encoder) problems(problems []lint.Error) {
	e.key("errors")
	e.open('[')
	for _, p := range problems {
		e.open('{')
		e.str("path", p.Path)
		e.int("offset", p.Offset)
		e.str("section", p.Section)
		e.str("message", p.Message)
		e.strIf("rule", p.Rule)
		e.close('}')
		e.flushIf()
	}
	e.close(']')
}

func (e *encoder) module(m *klp.Module) {
	e.b = append(e.b, '{')
	e.str("path", m.Path)
	e.str("name", m.Name)
	e.str("kind", string(m.Kind))
	e.str("arch", string(m.Arch))
	e.str("kernel_release", m.Vermagic.Release)
	e.str("vermagic", m.Vermagic.Raw)
	e.strIf("toolchain", string(m.Toolchain))
	e.strIf("sha256", m.SHA256)
	e.int("size", m.Size)
	e.str("compression", string(m.Compression))
	e.bool("signed", m.Signature != nil)
	if s := m.Signature; s != nil {
		e.key("signature")
		e.open('{')
		e.str("id_type", s.IDType)
		e.strIf("hash", s.Hash)
		e.strIf("algorithm", s.Algo)
		e.strIf("signer", s.Signer)
		e.close('}')
	}
	e.strIf("signature_error", m.SignatureError)
	license, _ := m.Modinfo.Get("license")
	e.str("license", license)
	depends, _ := m.Modinfo.Get("depends")
	e.depends(depends)
	if m.Layout.Source != "" {
		e.key("layout")
		e.open('{')
		e.str("source", string(m.Layout.Source))
		e.close('}')
	}
	if m.IsLivepatch() {
		e.replace(&m.Replace)
	}
	e.strIf("reason", m.Patch.Reason)
	e.objects(m.Patch.Objects)
	e.key("states")
	e.open('[')
	for _, s := range m.Patch.States {
		e.open('{')
		e.uint("id", s.ID)
		e.uint("version", uint64(s.Version))
		e.close('}')
	}
	e.close(']')
	e.klpRelas(m)
	e.close('}')
}

// depends writes the comma-separated list of modinfo.
func (e *encoder) depends(list string) {
	e.key("depends")
	e.open('[')
	for list != "" {
		var name string
		name, list, _ = strings.Cut(list, ",")
		if name != "" {
			e.comma()
			e.b = appendJSONString(e.b, name)
		}
	}
	e.close(']')
}

func (e *encoder) replace(r *klp.Replace) {
	e.key("replace")
	e.open('{')
	e.str("kind", string(r.Kind))
	switch r.Kind {
	case klp.KindFlag:
		e.bool("flag", r.Flag)
	case klp.KindSet:
		e.uint("set", uint64(r.Set))
		if r.Supersedes != nil {
			e.numbers("supersedes", r.Supersedes)
		}
	case klp.KindSets:
		e.numbers("sets", r.Sets)
		e.bool("null", r.SetsNull)
	case klp.KindUnknown:
	}
	e.str("source", string(r.Source))
	e.strIf("field_source", string(r.FieldSource))
	e.strIf("reason", r.Reason)
	e.close('}')
}

func (e *encoder) numbers(name string, values []uint32) {
	e.key(name)
	e.open('[')
	for _, v := range values {
		e.comma()
		e.b = strconv.AppendUint(e.b, uint64(v), 10)
	}
	e.close(']')
}

func (e *encoder) objects(objects []klp.Object) {
	e.key("objects")
	e.open('[')
	for i := range objects {
		o := &objects[i]
		e.open('{')
		e.str("name", o.Name)
		e.bool("literal", o.Literal)
		e.key("callbacks")
		e.open('[')
		for _, c := range o.Callbacks {
			e.comma()
			e.b = appendJSONString(e.b, string(c.Kind))
		}
		e.close(']')
		e.key("funcs")
		e.open('[')
		for j := range o.Funcs {
			e.function(&o.Funcs[j])
		}
		e.close(']')
		e.close('}')
	}
	e.close(']')
}

func (e *encoder) function(f *klp.Func) {
	e.open('{')
	e.str("name", f.Name)
	e.strIf("demangled", demangled(f.Name))
	e.uint("sympos", f.Sympos)
	e.str("new", f.New.Symbol)
	if f.New.Symbol != "" {
		e.uint("new_size", f.New.Size)
	}
	if f.OldSize != 0 {
		e.uint("old_size", f.OldSize)
	}
	e.close('}')
}

func (e *encoder) klpRelas(m *klp.Module) {
	e.key("klp_relas")
	e.open('[')
	for i := range m.KlpRelas {
		r := &m.KlpRelas[i]
		e.open('{')
		e.str("section", r.Section)
		e.str("object", r.Object)
		e.str("target", r.Target)
		e.key("symbols")
		e.open('[')
		for _, j := range r.Symbols {
			s := &m.KlpSyms[j]
			e.open('{')
			e.str("object", s.Object)
			e.str("name", s.Name)
			e.uint("sympos", s.Sympos)
			e.close('}')
		}
		e.close(']')
		e.close('}')
	}
	e.close(']')
}
