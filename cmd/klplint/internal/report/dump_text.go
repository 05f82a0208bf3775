package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// DumpText writes one fact a line, each with the path in front, for grep and
// awk. The second word says what it is:
//
//	PATH: livepatch NAME toolchain=T arch=A kernel=R replace: true (from data; field dwarf)
//	PATH: func OBJECT:NAME,SYMPOS new=SYMBOL size=N oldsize=N
//	PATH: callback OBJECT KIND SYMBOL
//	PATH: state ID version=N
//	PATH: klp-rela SECTION symbols=N
type DumpText struct {
	w io.Writer
}

// NewDumpText begins the output.
func NewDumpText(w io.Writer, _ Options) Dumper { return &DumpText{w} }

// Module appends one module.
func (d *DumpText) Module(m *klp.Module) error {
	var b strings.Builder
	line := func(format string, args ...any) {
		b.WriteString(Escape(m.Path + ": " + fmt.Sprintf(format, args...)))
		b.WriteByte('\n')
	}
	if !m.IsLivepatch() {
		line("%s %s arch=%s kernel=%s", m.Kind, orDash(m.Name), orDash(string(m.Arch)), orDash(m.Vermagic.Release))
		_, err := io.WriteString(d.w, b.String())
		return err
	}
	line("livepatch %s toolchain=%s arch=%s kernel=%s %s (%s)", orDash(m.Name), orDash(string(m.Toolchain)), orDash(string(m.Arch)),
		orDash(m.Vermagic.Release), replaceValue(&m.Replace), replaceEvidence(&m.Replace))
	if m.Patch.Reason != "" {
		line("no-tables %s", m.Patch.Reason)
	}
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		for j := range o.Funcs {
			f := &o.Funcs[j]
			s := fmt.Sprintf("func %s:%s,%d new=%s", orDash(o.Name), orDash(f.Name), f.Sympos, orDash(f.New.Symbol))
			if f.New.Symbol != "" {
				s += fmt.Sprintf(" size=%d", f.New.Size)
			}
			if f.OldSize != 0 {
				s += fmt.Sprintf(" oldsize=%d", f.OldSize)
			}
			if d := demangled(f.Name); d != "" {
				s += " demangled=" + d
			}
			line("%s", s)
		}
		for _, c := range o.Callbacks {
			line("callback %s %s %s", orDash(o.Name), c.Kind, orDash(c.Func.Symbol))
		}
	}
	for _, s := range m.Patch.States {
		line("state %d version=%d", s.ID, s.Version)
	}
	for i := range m.KlpRelas {
		line("klp-rela %s symbols=%d", m.KlpRelas[i].Section, len(m.KlpRelas[i].Symbols))
	}
	_, err := io.WriteString(d.w, b.String())
	return err
}

// Problem writes nothing: problems go to stderr.
func (d *DumpText) Problem(lint.Error) error { return nil }

// Close writes nothing: the total goes to stderr.
func (d *DumpText) Close(DumpTotal) error { return nil }

// orDash keeps a word's place in a line that is split at blanks.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
