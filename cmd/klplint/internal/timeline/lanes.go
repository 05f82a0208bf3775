package timeline

import (
	"slices"

	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/replace/plan"
)

// lane is the row of one label.
type lane struct {
	label  string
	target bool  // an ordinary module
	steps  []int // that are about it, ascending
	bars   []bar
	marks  []mark
}

// bar is a time during which a livepatch is active, or a target is loaded.
type bar struct {
	from, to int // steps, from 0; to is -1 while it lasts to the end
	sets     []uint32
	replaced bool   // by another livepatch
	end      string // what ended it: "replaced", "disabled", "unloaded", "crash"
}

// mark is a cross at a step that failed.
type mark struct {
	step    int
	word    string // the errno, or "crash"
	tooltip string
}

// panel is one trace, laid out.
type panel struct {
	trace *plan.Trace
	lanes []*lane
	part  string // of a sheet: which steps and lanes it shows, behind the title
}

// layOut sorts the steps of a trace into lanes, in the order in which the
// labels come.
func layOut(t *plan.Trace) panel {
	p := panel{trace: t}
	lanes := make(map[string]*lane)
	type open struct {
		lane *lane
		bar  int
	}
	running := make(map[string]open) // by the module's own name
	for i := range t.Steps {
		s := &t.Steps[i]
		l := lanes[s.Module]
		if l == nil {
			l = &lane{label: s.Module}
			lanes[s.Module] = l
			p.lanes = append(p.lanes, l)
		}
		l.steps = append(l.steps, i)
		d := &s.Decision
		if d.Outcome == replace.Refused || d.Outcome == replace.Crash {
			word := d.Errno
			if d.Outcome == replace.Crash {
				word = "crash"
			}
			l.marks = append(l.marks, mark{step: i, word: word, tooltip: d.Reason})
		}
		active := make(map[string]plan.Active, len(s.Active))
		for _, a := range s.Active {
			active[a.Name] = a
		}
		for name, o := range running {
			_, stays := active[name]
			b := &o.lane.bars[o.bar]
			switch {
			case d.Outcome == replace.Crash:
				b.to, b.end = i, "crash"
			case o.lane.target && s.Op == plan.Unload && s.Name == name && d.Outcome == replace.Done:
				b.to, b.end = i, "unloaded"
			case o.lane.target || stays:
				continue
			case s.Op == plan.Load, slices.Contains(d.Replaced, name): // a finish, too
				b.to, b.end, b.replaced = i, "replaced", true
			default:
				b.to, b.end = i, "disabled"
			}
			delete(running, name)
		}
		if s.Op != plan.Load || d.Outcome == replace.Refused || d.Outcome == replace.Crash {
			continue
		}
		a, on := active[s.Name]
		if !on {
			l.target = true
		}
		l.bars = append(l.bars, bar{from: i, to: -1, sets: a.Sets})
		running[s.Name] = open{l, len(l.bars) - 1}
	}
	return p
}
