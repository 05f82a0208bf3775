package diff

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

// Item is one difference, or one func that is patched again, in words.
type Item struct {
	// Severity is Error for what is lost or would be refused, Warning for what
	// may be meant and should be looked at, Info for the rest.
	Severity finding.Severity
	Kind     string // "func", "object", "callback", "state", "replace", "klp symbol", "toolchain", "kernel", "load", "back"
	Change   string // "anew", "again", "no longer", "gained", "lost", "changed", "accepted", "refused", "depends", "not judged"
	Subject  string // e.g. "vmlinux:foo,2"; "" where the kind says all
	Detail   string // e.g. "120 -> 132 bytes"; "" where there is nothing to add
}

// Items returns everything in the order it is shown: funcs by object, objects,
// callbacks, states, then the module as a whole, then the two loads.
func (d *Diff) Items() []Item {
	var items []Item
	add := func(s finding.Severity, kind, change, subject, detail string) {
		items = append(items, Item{s, kind, change, subject, detail})
	}
	for i := range d.Objects {
		for j := range d.Objects[i].Funcs {
			items = append(items, funcItem(&d.Objects[i], &d.Objects[i].Funcs[j]))
		}
	}
	for i := range d.Objects {
		o := &d.Objects[i]
		switch o.Change {
		case Added:
			add(finding.Info, "object", "gained", o.Title(), plural(uint64(len(o.Funcs)), "func"))
		case Removed:
			add(finding.Error, "object", "lost", o.Title(), plural(uint64(len(o.Funcs)), "func"))
		}
		for _, c := range o.CallbacksGained {
			add(finding.Info, "callback", "gained", o.Title(), string(c))
		}
		for _, c := range o.CallbacksLost {
			// A replaced patch's callbacks never run; the new patch has to undo
			// what the old one's pre_patch did (Documentation/livepatch/cumulative-patches.rst).
			add(finding.Warning, "callback", "lost", o.Title(), string(c))
		}
	}
	for i := range d.States {
		items = append(items, d.States[i].item()...)
	}
	if from, to := d.Old.Replace.String(), d.New.Replace.String(); from != to {
		severity := finding.Info
		if d.Old.Replace.Kind != d.New.Replace.Kind || d.Old.Replace.Flag && !d.New.Replace.Flag {
			severity = finding.Warning
		}
		add(severity, "replace", "changed", "", from+" -> "+to)
	}
	items = append(items, symbolItems("gained", d.Relas.Gained)...)
	items = append(items, symbolItems("lost", d.Relas.Lost)...)
	if from, to := toolchain(d.Old), toolchain(d.New); from != to {
		add(finding.Info, "toolchain", "changed", "", from+" -> "+to)
	}
	if !d.SameKernel() {
		add(finding.Warning, "kernel", "changed", "", kernel(d.Old)+" -> "+kernel(d.New))
	}
	for _, t := range []struct {
		kind string
		*Transition
	}{{"load", d.Load}, {"back", d.Back}} {
		if t.Transition != nil {
			items = append(items, t.item(t.kind))
		}
	}
	return items
}

func funcItem(o *Object, f *Func) Item {
	item := Item{Severity: finding.Info, Kind: "func", Subject: o.Title() + ":" + f.Title()}
	switch f.Change {
	case Added:
		item.Change, item.Detail = "anew", size(f.New)
	case Removed:
		item.Severity, item.Change, item.Detail = finding.Error, "no longer", size(f.Old)
	case Kept:
		item.Change = "again"
		switch {
		case f.SameSize():
			item.Detail = "same size, " + size(f.New)
		case f.Old.New.Size != 0 && f.New.New.Size != 0:
			item.Detail = fmt.Sprintf("%d -> %d bytes", f.Old.New.Size, f.New.New.Size)
		default:
			item.Detail = "size unknown"
		}
		if f.Renamed() {
			item.Detail += ", the same code as " + names.Func(f.Old.Name, f.Old.Position()) + " of the old one"
		}
		if f.SymposChanged() {
			item.Severity = finding.Warning
			item.Detail += fmt.Sprintf(", sympos %d -> %d", f.Old.Sympos, f.New.Sympos)
		}
	}
	return item
}

func (s *State) item() []Item {
	item := Item{Severity: finding.Info, Kind: "state", Subject: strconv.FormatUint(s.ID, 10)}
	switch {
	case s.Change == Added:
		item.Change, item.Detail = "gained", fmt.Sprintf("version %d", s.New.Version)
	case s.Change == Removed:
		item.Severity, item.Change, item.Detail = finding.Error, "lost", fmt.Sprintf("version %d", s.Old.Version)
	case s.Old.Version != s.New.Version:
		item.Change, item.Detail = "changed", fmt.Sprintf("version %d -> %d", s.Old.Version, s.New.Version)
		if s.Lowered() {
			item.Severity = finding.Error
		}
	default:
		return nil
	}
	return []Item{item}
}

// symbolItems lists at most twenty: a rebuild can exchange thousands.
func symbolItems(change string, symbols []Symbol) []Item {
	const most = 20
	var items []Item
	for i, s := range symbols {
		if i == most {
			return append(items, Item{finding.Info, "klp symbol", change, "", plural(uint64(len(symbols)-most), "more symbol")})
		}
		items = append(items, Item{finding.Info, "klp symbol", change, s.String(), ""})
	}
	return items
}

// Worst returns the highest severity of the items; 0 without any.
func Worst(items []Item) finding.Severity {
	var worst finding.Severity
	for _, i := range items {
		worst = max(worst, i.Severity)
	}
	return worst
}

// Title is the object's name as it is shown; a literal "vmlinux" in quotes.
func (o *Object) Title() string { return names.Object(o.Name, o.Literal) }

// Title is the func's name, with ",N" for a position above 1.
func (f *Func) Title() string { return names.Func(f.Name, f.Position) }

// String is object:name, with ",N" for a sympos above 1.
func (s Symbol) String() string { return s.Object + ":" + names.Func(s.Name, s.Sympos) }

func size(f *klp.Func) string {
	if f.New.Size == 0 {
		return ""
	}
	return plural(f.New.Size, "byte")
}

func plural(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.FormatUint(n, 10) + " " + what + "s"
}

func toolchain(m *klp.Module) string {
	if m.Toolchain == "" {
		return "unknown"
	}
	return string(m.Toolchain)
}

func kernel(m *klp.Module) string {
	release := m.Vermagic.Release
	if release == "" {
		release = "unknown"
	}
	return strings.TrimSpace(release + " " + string(m.Arch))
}
