package timeline

import (
	"bufio"
	"fmt"
	"io"
	"slices"

	"github.com/klplint/klplint/replace/plan"
)

// A sheet is what fits a page of paper lengthwise, A4 or letter, with letters of
// some 8 points. In the picture's units.
const (
	sheetWidth  = fullWidth
	sheetHeight = 800
	// A picture up to this wide can be read on paper upright.
	uprightWidth = 820
)

// Paper says what has to be done for a picture to be readable on paper: wide, that
// it needs a page lengthwise; spread, that it does not fit one and Sheets has to
// draw it.
func Paper(traces []plan.Trace) (wide, spread bool) {
	p, panels := newPainter(traces, Options{})
	spread = p.width() > sheetWidth+margin+40
	height := margin + p.legendHeight()
	for i := range panels {
		height += p.height(&panels[i]) + panelGap
	}
	return p.width() > uprightWidth, spread || height > sheetHeight
}

// sheetRest is the height of a sheet's margins and of the legend below its panel.
func (p *painter) sheetRest() int { return margin + panelGap + p.legendHeight() }

// Sheets writes the traces as pictures of a page each: as many steps as stand side
// by side, and of those the lanes in which something is to be seen.
func Sheets(w io.Writer, traces []plan.Trace, o Options) error {
	p, panels := newPainter(traces, o)
	p.b, p.least = bufio.NewWriter(w), sheetWidth // all of one scale
	steps := max(1, (sheetWidth-2*margin-p.gutter-40)/minColumn)
	if p.end > steps {
		p.column = minColumn
	}
	n := 0
	for _, q := range panels {
		for p.first = 0; p.first == 0 || p.first < len(q.trace.Steps); p.first += steps {
			p.end = max(1, min(p.first+steps, len(q.trace.Steps)))
			for _, part := range p.parts(q) {
				n++
				p.ids = fmt.Sprintf("%ss%d-", o.IDs, n)
				p.picture([]panel{part})
			}
		}
	}
	return p.b.Flush()
}

// parts divides what is to be seen of a panel in the steps that are drawn into lanes
// that fit a sheet.
func (p *painter) parts(q panel) []panel {
	if q.trace.NotJudged != "" {
		return []panel{q}
	}
	var seen []*lane
	for _, l := range q.lanes {
		if p.seesLane(l) {
			seen = append(seen, l)
		}
	}
	empty := panel{trace: q.trace}
	most := max(1, (sheetHeight-p.sheetRest()-p.height(&empty))/p.laneHeight())
	var parts []panel
	for at := 0; at < len(seen) || at == 0; at += most {
		part := panel{trace: q.trace, lanes: seen[at:min(at+most, len(seen))]}
		if last := len(q.trace.Steps); p.first > 0 || p.end < last {
			part.part = fmt.Sprintf(", steps %d to %d of %d", p.first+1, p.end, last)
		}
		if len(part.lanes) < len(seen) {
			part.part += fmt.Sprintf(", lanes %d to %d of %d", at+1, at+len(part.lanes), len(seen))
		}
		parts = append(parts, part)
	}
	return parts
}

// seesLane says whether a lane has a bar in the steps that are drawn, or one of them
// is about it.
func (p *painter) seesLane(l *lane) bool {
	for _, b := range l.bars {
		if p.sees(b.from, b.to) {
			return true
		}
	}
	return slices.ContainsFunc(l.steps, func(step int) bool { return p.sees(step, step) })
}
