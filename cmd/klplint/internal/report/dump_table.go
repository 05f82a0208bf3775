package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// DumpTable writes a block a module for a person to read: what the module is,
// what it replaces, and a table of the patched funcs.
type DumpTable struct {
	w       io.Writer
	o       Options
	started bool
}

// NewDumpTable begins the output.
func NewDumpTable(w io.Writer, o Options) Dumper { return &DumpTable{w: w, o: o} }

// Module appends one module.
func (d *DumpTable) Module(m *klp.Module) error {
	var b strings.Builder
	if d.started {
		b.WriteByte('\n')
	}
	d.started = true
	b.WriteString(d.o.paint(bold, Escape(m.Path)) + "\n")
	d.fact(&b, "module", d.identity(m))
	if !m.IsLivepatch() {
		_, err := io.WriteString(d.w, b.String())
		return err
	}
	d.facts(&b, m)
	b.WriteByte('\n')
	if _, err := io.WriteString(d.w, b.String()); err != nil {
		return err
	}
	return d.funcs(m)
}

// identity is the module in one line: name, kind or toolchain, architecture,
// release, licence, signature, packing.
func (d *DumpTable) identity(m *klp.Module) string {
	kind := string(m.Kind)
	if m.IsLivepatch() {
		kind = "livepatch"
		if m.Toolchain != "" {
			kind += " (" + string(m.Toolchain) + ")"
		}
	}
	parts := []string{orDash(m.Name), kind}
	license, _ := m.Modinfo.Get("license")
	for _, s := range []string{string(m.Arch), m.Vermagic.Release, license} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	switch {
	case m.Signature != nil:
		parts = append(parts, strings.TrimSpace("signed "+m.Signature.Hash))
	case m.SignatureError != "":
		parts = append(parts, "signature unreadable")
	case m.IsLivepatch():
		parts = append(parts, "not signed")
	}
	if m.Compression != klp.Uncompressed && m.Compression != "" {
		parts = append(parts, string(m.Compression))
	}
	return strings.Join(parts, ", ")
}

// facts are the lines between the identity and the funcs.
func (d *DumpTable) facts(b *strings.Builder, m *klp.Module) {
	s := replaceValue(&m.Replace)
	if e := replaceEvidence(&m.Replace); e != "" {
		s += " (" + e + ")"
	}
	d.fact(b, "replaces", s)
	if n := len(m.Patch.States); n > 0 {
		states := make([]string, n)
		for i, s := range m.Patch.States {
			states[i] = fmt.Sprintf("%d (version %d)", s.ID, s.Version)
		}
		d.fact(b, "states", strings.Join(states, ", "))
	}
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		if len(o.Callbacks) == 0 {
			continue
		}
		calls := make([]string, len(o.Callbacks))
		for j, c := range o.Callbacks {
			calls[j] = fmt.Sprintf("%s = %s", c.Kind, orDash(c.Func.Symbol))
		}
		d.fact(b, "callbacks", o.Name+": "+strings.Join(calls, ", "))
	}
	if n := len(m.KlpRelas); n > 0 {
		d.fact(b, "klp relocs", klpRelaSummary(m))
	}
	if m.Patch.Reason != "" {
		d.fact(b, "no tables", m.Patch.Reason)
	}
	funcs := 0
	for i := range m.Patch.Objects {
		funcs += len(m.Patch.Objects[i].Funcs)
	}
	d.fact(b, "patches", count(funcs, "func")+" in "+count(len(m.Patch.Objects), "object"))
}

// klpRelaSummary counts sections and symbols by object, in order of first mention.
func klpRelaSummary(m *klp.Module) string {
	var objects []string
	symbols := make(map[string]int)
	for i := range m.KlpRelas {
		r := &m.KlpRelas[i]
		if _, ok := symbols[r.Object]; !ok {
			objects = append(objects, r.Object)
		}
		symbols[r.Object] += len(r.Symbols)
	}
	parts := make([]string, len(objects))
	for i, o := range objects {
		parts[i] = fmt.Sprintf("%s: %s", orDash(o), count(symbols[o], "symbol"))
	}
	return count(len(m.KlpRelas), "section") + "; " + strings.Join(parts, ", ")
}

// labelWidth is the room for a fact's label and the blanks around it.
const labelWidth = 14

// fact writes a labelled line, wrapped under itself.
func (d *DumpTable) fact(b *strings.Builder, label, value string) {
	for i, l := range wrap(Escape(value), max(20, d.o.width()-labelWidth)) {
		if i > 0 {
			label = ""
		}
		b.WriteString("  " + d.o.paint(dim, label) + strings.Repeat(" ", labelWidth-2-len(label)) + l + "\n")
	}
}

// funcs draws the table of funcs, an object's name at its first func only.
func (d *DumpTable) funcs(m *klp.Module) error {
	cols := []column{{title: "object"}, {title: "func"}, {title: "sympos", right: true}, {title: "new function"}, {title: "size", right: true}}
	old := false
	for i := range m.Patch.Objects {
		for j := range m.Patch.Objects[i].Funcs {
			old = old || m.Patch.Objects[i].Funcs[j].OldSize != 0
		}
	}
	if old {
		cols = append(cols, column{title: "was", right: true})
	}
	t := newTable(d.o, cols...)
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		t.rule()
		name := styled(cyan, orDash(o.Name))
		if o.Literal {
			name = cell{lines: []string{o.Name, `(as a string)`}, style: yellow}
		}
		if len(o.Funcs) == 0 {
			t.add(name, styled(dim, "no funcs"))
		}
		for j := range o.Funcs {
			f := &o.Funcs[j]
			row := []cell{
				name, lines(meaningLines(orDash(f.Name))...), text(strconv.FormatUint(f.Sympos, 10)),
				lines(meaningLines(orDash(f.New.Symbol))...), text(""), text(""),
			}
			if f.New.Symbol != "" {
				row[4] = text(strconv.FormatUint(f.New.Size, 10))
			}
			if f.OldSize != 0 {
				row[5] = text(strconv.FormatUint(f.OldSize, 10))
			}
			t.add(row[:len(cols)]...)
			name = text("")
		}
	}
	return t.write(d.w)
}

// meaningLines is a symbol and, on a line of its own, its demangled name.
func meaningLines(symbol string) []string {
	if m := demangled(symbol); m != "" {
		return []string{symbol, m}
	}
	return []string{symbol}
}

// Problem writes nothing: problems go to stderr.
func (d *DumpTable) Problem(lint.Error) error { return nil }

// Close writes the total.
func (d *DumpTable) Close(t DumpTotal) error {
	if d.o.Quiet {
		return nil
	}
	gap := "\n"
	if !d.started {
		gap = ""
	}
	_, err := fmt.Fprintf(d.w, "%s%s\n", gap, d.o.paint(bold, t.String()))
	return err
}
