package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/klplint/klplint/kernel"
)

// KernelsTable writes what is known of kernels, or the positions of names, for
// a person to read.
func KernelsTable(w io.Writer, ks *Kernels, o Options) error {
	if len(ks.LookUps) > 0 {
		for i := range ks.LookUps {
			if err := lookUpTable(w, &ks.LookUps[i], i, o); err != nil {
				return err
			}
		}
		return nil
	}
	for i, k := range ks.Kernels {
		if err := kernelTable(w, k, i, o); err != nil {
			return err
		}
	}
	return nil
}

func kernelTable(w io.Writer, k *kernel.Kernel, index int, o Options) error {
	var b strings.Builder
	if index > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(o.paint(bold, Escape(strings.TrimSpace(releaseOf(k.Release())+" "+string(k.Arch())))) + "\n")
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	t := newTable(o, column{title: "known", fixed: true}, column{title: "value"})
	if k.Vermagic() != "" {
		t.add(text("vermagic"), text(k.Vermagic()))
	}
	if k.Banner() != "" {
		t.add(text("banner"), text(k.Banner()))
	}
	for _, f := range facts(k) {
		t.add(text(f.name), text(f.value))
	}
	t.rule()
	for _, s := range k.Sources() {
		value := []string{s.Path}
		if s.Note != "" {
			value = append(value, s.Note)
		}
		t.add(styled(dim, string(s.Kind)), lines(value...))
	}
	if missing := k.Missing(); len(missing) > 0 {
		t.rule()
		for _, m := range missing {
			t.add(styled(yellow, "missing"), text(m))
		}
	}
	return t.write(w)
}

func lookUpTable(w io.Writer, l *LookUp, index int, o Options) error {
	var b strings.Builder
	if index > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(o.paint(bold, Escape(l.Object+":"+l.Name)) + Escape(" in "+releaseOf(l.Release)) + "\n")
	if l.SrcVersion != "" {
		b.WriteString(Escape("srcversion of "+l.Object+": "+l.SrcVersion) + "\n")
	}
	if l.Error != "" {
		b.WriteString(o.paint(red, Escape(bracketed(l.Rule)+l.Error)) + "\n")
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	t := newTable(o, column{title: "sympos", right: true, fixed: true}, column{title: "address", fixed: true}, column{title: "size", right: true, fixed: true},
		column{title: "kind", fixed: true}, column{title: "traceable", fixed: true}, column{title: "file"}, column{title: "a livepatch with this sympos"})
	for _, v := range l.Verdicts {
		st := red
		switch {
		case v.OK():
			st = green
		case v.Rule == "":
			st = yellow
		}
		row := []cell{text(fmt.Sprint(v.Sympos)), {}, {}, {}, {}, {}, styled(st, verdict(v))}
		if v.Sympos >= 1 && v.Sympos <= uint64(len(l.Positions)) {
			p := &l.Positions[v.Sympos-1]
			traceable := p.Traceable.String()
			if p.Init {
				traceable = "init text"
			}
			row[1], row[2], row[3], row[4], row[5] = text(address(p)), text(size(p)), text(kind(p)), text(traceable), text(p.File)
		}
		t.add(row...)
	}
	if err := t.write(w); err != nil {
		return err
	}
	b.Reset()
	if l.Derived != "" {
		b.WriteString(Escape("the name is that of "+l.Derived) + "\n")
	}
	for _, f := range l.relations() {
		b.WriteString(Escape(f.name+": "+f.value) + "\n")
	}
	if len(l.Similar) > 0 {
		b.WriteString(Escape("similar: "+strings.Join(l.Similar, ", ")) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
