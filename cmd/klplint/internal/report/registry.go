package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

// RegistryEntry is one module of a registry.
type RegistryEntry struct {
	Path, SHA256         string
	Channel, Owner       string
	State                string
	Labels               map[string]string
	AddedBy, AddedAt     string
	ChangedBy, ChangedAt string
	ReplacedBy           string // sha256, "" for none
	Revision             int64
	Admitted             int64 // revision in which a verdict admitted it, 0 for none
	Module               *klp.Module
}

// RegistryList is a report of entries, which come in pages.
type RegistryList struct {
	Revision int64
	// Func and Object are what was asked for; the funcs that match are shown.
	Func, Object string
	Full         bool // everything that is known of each entry
}

// funcs names what an entry patches, or the part that was asked for.
func (l *RegistryList) funcs(e *RegistryEntry) []string {
	var out []string
	for i := range e.Module.Patch.Objects {
		o := &e.Module.Patch.Objects[i]
		if l.Object != "" && o.Name != l.Object {
			continue
		}
		for j := range o.Funcs {
			f := &o.Funcs[j]
			if l.Func != "" && f.Name != l.Func {
				continue
			}
			out = append(out, o.Name+":"+names.Func(f.Name, f.Sympos))
		}
	}
	return out
}

func (e *RegistryEntry) labels() string {
	var out []string
	for k, v := range e.Labels {
		out = append(out, k+"="+v)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func (e *RegistryEntry) admitted() string {
	if e.Admitted == 0 {
		return "never judged here"
	}
	return fmt.Sprintf("in revision %d", e.Admitted)
}

func (l *RegistryList) asked() bool { return l.Func != "" || l.Object != "" }

// RegistryPages writes a list while it is read: what is held of it is one page.
type RegistryPages interface {
	// Page writes the entries that come next.
	Page(entries []RegistryEntry) error
	// End writes what stands behind all of them.
	End() error
}

// registryText writes a line for each entry: state, kernel, architecture, path,
// owner, and its funcs where some were asked for.
type registryText struct {
	w io.Writer
	l *RegistryList
}

// RegistryText begins a list as text.
func RegistryText(w io.Writer, l *RegistryList, _ Options) RegistryPages { return registryText{w, l} }

// End implements RegistryPages.
func (t registryText) End() error { return nil }

// Page implements RegistryPages.
func (t registryText) Page(entries []RegistryEntry) error {
	w, l := t.w, t.l
	for i := range entries {
		e := &entries[i]
		line := fmt.Sprintf("%s: %s for %s %s", e.Path, e.State, e.Module.Vermagic.Release, e.Module.Arch)
		if e.Owner != "" {
			line += ", owner " + e.Owner
		}
		switch {
		case l.asked():
			line += ": " + strings.Join(l.funcs(e), " ")
		default:
			line += fmt.Sprintf(", %s, %s", e.Module.Replace.String(), count(len(l.funcs(e)), "func"))
		}
		if _, err := fmt.Fprintln(w, Escape(line)); err != nil {
			return err
		}
		if !l.Full {
			continue
		}
		for _, row := range [][2]string{
			{"sha256", e.SHA256},
			{"channel", e.Channel},
			{"labels", e.labels()},
			{"added", e.AddedAt + " by " + e.AddedBy},
			{"changed", e.ChangedAt + " by " + e.ChangedBy},
			{"replaced by", e.ReplacedBy},
			{"revision", fmt.Sprint(e.Revision)},
			{"admitted", e.admitted()},
		} {
			if row[1] == "" {
				continue
			}
			if _, err := fmt.Fprintf(w, "  %s: %s\n", row[0], Escape(row[1])); err != nil {
				return err
			}
		}
	}
	return nil
}

// registryTable writes each page as a table.
type registryTable struct {
	w       io.Writer
	l       *RegistryList
	o       Options
	written int
}

// RegistryTable begins a list as a table: of many entries as one for each page.
func RegistryTable(w io.Writer, l *RegistryList, o Options) RegistryPages {
	return &registryTable{w: w, l: l, o: o}
}

// Page implements RegistryPages.
func (x *registryTable) Page(entries []RegistryEntry) error {
	l := x.l
	list := []column{
		{title: "NAME, SHA256"},
		{title: "KERNEL"},
		{title: "STATE"}, // and below it the channel
		{title: "OWNER"},
		{title: "REPLACE"},
		{title: "FUNCS", right: !l.asked()},
		{title: "ADDED"},
	}
	t := newTable(x.o, list...)
	for i := range entries {
		e := &entries[i]
		names := l.funcs(e)
		funcs := text(fmt.Sprint(len(names)))
		if l.asked() {
			funcs = lines(names...)
		}
		state := cell{lines: []string{e.State}, style: stateStyle(e.State)}
		if e.Channel != "" {
			state.lines = append(state.lines, e.Channel)
		}
		day, hour, _ := strings.Cut(e.AddedAt, "T")
		t.add(lines(e.Module.Name, e.SHA256[:min(12, len(e.SHA256))]), lines(e.Module.Vermagic.Release, string(e.Module.Arch)), state, text(e.Owner),
			text(e.Module.Replace.String()), funcs, lines(day, hour, e.AddedBy))
	}
	x.written += len(entries)
	return t.write(x.w)
}

// End implements RegistryPages.
func (x *registryTable) End() error {
	if x.o.Quiet {
		return nil
	}
	_, err := fmt.Fprintf(x.w, "%s, revision %d\n", count(x.written, "module"), x.l.Revision)
	return err
}

func stateStyle(state string) style {
	switch state {
	case "active":
		return green
	case "retired":
		return dim
	}
	return plain
}
