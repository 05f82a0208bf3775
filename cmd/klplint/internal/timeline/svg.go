package timeline

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/klplint/klplint/cmd/klplint/internal/report/escape"
	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/replace/plan"
)

// Sizes in the picture's units. A character of the font is taken for charWidth.
const (
	margin     = 16
	laneHeight = 34
	barHeight  = 22
	headHeight = 46 // numbers and names of the steps
	titleSize  = 30
	panelGap   = 26
	minColumn  = 68 // a cross and the name of an error, or the word "disabled"
	maxColumn  = 132
	fullWidth  = 1180
	charWidth  = 7.3
	endWidth   = 6.7 // of a character in the smaller size
	maxGutter  = 240
	// A picture that is wider than this is scrolled: the names of the lanes are
	// repeated in a strip above the bars, once in repeatEvery.
	scrolled    = 1400
	repeatEvery = 360
	stripHeight = 12
	lineHeight  = 16
)

// The colours of Okabe and Ito, which colour-blind readers tell apart, each
// with a pattern of its own.
var palette = []struct{ name, fill, pattern string }{
	{"plain", "#56b4e9", ""},
	{"rising", "#e69f00", `<path d="M0,8 L8,0" stroke="#000" stroke-opacity=".45" stroke-width="1"/>`},
	{"dots", "#8fd19e", `<circle cx="4" cy="4" r="1.3" fill="#000" fill-opacity=".5"/>`},
	{"level", "#f0e442", `<path d="M0,4 H8" stroke="#000" stroke-opacity=".4" stroke-width="1"/>`},
	{"falling", "#cc79a7", `<path d="M0,0 L8,8" stroke="#000" stroke-opacity=".45" stroke-width="1"/>`},
	{"grid", "#d8a27c", `<path d="M0,4 H8 M4,0 V8" stroke="#000" stroke-opacity=".35" stroke-width="1"/>`},
	{"upright", "#9fb8d8", `<path d="M4,0 V8" stroke="#000" stroke-opacity=".4" stroke-width="1"/>`},
}

// markOf is how the i-th set is drawn: a colour and a pattern, which repeat
// together after as many sets as there are pairs.
func markOf(i int) (colour, pattern int) {
	n := len(palette)
	return i % n, (i + i/n) % n
}

// Options of a picture.
type Options struct {
	Title string // of the picture as a whole; "" for a general one
	IDs   string // begins the IDs in the picture, for several in one document
}

// Draw writes the traces as one SVG picture.
func Draw(w io.Writer, traces []plan.Trace, o Options) error {
	p, panels := newPainter(traces, o)
	p.b = bufio.NewWriter(w)
	if p.width() > scrolled {
		p.strip = stripHeight
	}
	p.picture(panels)
	return p.b.Flush()
}

// newPainter lays traces out and gives the steps their columns.
func newPainter(traces []plan.Trace, o Options) (*painter, []panel) {
	p := &painter{ids: o.IDs, title: o.Title, least: 640, classes: make(map[uint32]int), several: len(traces) > 1, differs: plan.Differences(traces)}
	if p.title == "" {
		p.title = "What happens when these livepatches are loaded"
	}
	var panels []panel
	longest := 8
	p.end = 1
	for i := range traces {
		t := &traces[i]
		panels = append(panels, layOut(t))
		p.end = max(p.end, len(t.Steps))
		for _, l := range panels[i].lanes {
			longest = max(longest, utf8.RuneCountInString(clean(l.label)))
		}
	}
	p.collect(panels)
	p.gutter = min(maxGutter, int(float64(longest)*charWidth)+14)
	p.column = min(maxColumn, max(minColumn, (fullWidth-2*margin-p.gutter)/p.end))
	return p, panels
}

// picture writes one document with these panels.
func (p *painter) picture(panels []panel) {
	width, height := p.width(), margin
	for _, q := range panels {
		height += p.height(&q) + panelGap
	}
	height += p.legendHeight()
	p.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="12">`+"\n", width, height, width, height)
	p.printf("<title>%s</title>\n", clean(p.title))
	p.printf("<desc>Lanes are livepatches, time goes from left to right in steps. A cross marks a refusal, the end of a replaced livepatch, or a crash.</desc>\n")
	p.defs()
	p.printf(`<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	y := margin
	for _, q := range panels {
		p.panel(q, y)
		y += p.height(&q) + panelGap
	}
	p.legend(y)
	p.printf("</svg>\n")
}

// right is where the last column ends.
func (p *painter) right() int { return margin + p.gutter + p.column*(p.end-p.first) }

func (p *painter) width() int { return max(p.right()+margin+40, p.least) }

func (p *painter) height(q *panel) int {
	if q.trace.NotJudged != "" {
		return titleSize + 8 + lineHeight*len(p.notJudged(q))
	}
	return titleSize + headHeight + p.laneHeight()*len(q.lanes)
}

func (p *painter) laneHeight() int { return laneHeight + p.strip }

// notJudged is why a trace has no steps, in lines that fit the picture.
func (p *painter) notJudged(q *panel) []string {
	const width = (fullWidth - 2*margin) * 10 / 73 // characters
	lines := []string{"not judged:"}
	for _, word := range strings.Fields(q.trace.NotJudged) {
		last := &lines[len(lines)-1]
		if utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, word)
			continue
		}
		*last += " " + word
	}
	const most = 6
	if len(lines) > most {
		lines = append(lines[:most-1], "…")
	}
	return lines
}

// painter writes the picture. Write errors are kept by its buffer.
type painter struct {
	b      *bufio.Writer
	ids    string
	title  string
	least  int // the width of the picture is no less
	gutter int
	column int
	// The steps that are drawn: from first, which is 0 in a whole picture, up to and
	// without end.
	first, end int
	differs    []bool         // the steps in which the traces differ
	classes    map[uint32]int // set -> entry of the palette
	sets       []uint32       // ascending
	several    bool           // there are traces to compare
	strip      int            // height of the strip with the lanes' names; 0 for none
}

func (p *painter) printf(format string, args ...any) { fmt.Fprintf(p.b, format, args...) }

// collect gives each set its colour and pattern, in the order of the numbers.
func (p *painter) collect(panels []panel) {
	seen := make(map[uint32]bool)
	for _, q := range panels {
		for _, l := range q.lanes {
			for _, b := range l.bars {
				for _, s := range b.sets {
					if !seen[s] {
						seen[s] = true
						p.sets = append(p.sets, s)
					}
				}
			}
		}
	}
	slices.Sort(p.sets)
	for i, s := range p.sets {
		p.classes[s] = i % (len(palette) * len(palette))
	}
}

func (p *painter) defs() {
	p.printf("<defs>\n")
	for i := range max(len(palette), min(len(p.sets), len(palette)*len(palette))) {
		colour, pattern := markOf(i)
		p.printf(`<pattern id="%sklp-%s" width="8" height="8" patternUnits="userSpaceOnUse"><rect width="8" height="8" fill="%s"/>%s</pattern>`+"\n", p.ids, className(i), palette[colour].fill, palette[pattern].pattern)
	}
	p.printf("</defs>\n")
}

// className names the pattern of a set by its two parts.
func className(class int) string {
	colour, pattern := markOf(class)
	if colour == pattern {
		return palette[colour].name
	}
	return fmt.Sprintf("%s-%d", palette[pattern].name, colour)
}

// x is the middle of a step's column.
func (p *painter) x(step int) int {
	return margin + p.gutter + p.column*(step-p.first) + p.column/2
}

func (p *painter) text(x, y int, attributes, s string, most int) {
	shown := fit(clean(s), most)
	p.printf(`<text x="%d" y="%d"%s>`, x, y, attributes)
	if shown != clean(s) {
		p.printf("<title>%s</title>", clean(s))
	}
	p.printf("%s</text>\n", shown)
}

func (p *painter) panel(q panel, y int) {
	t := q.trace
	title := "model " + t.Model
	if t.Reading != "" {
		title += ": " + t.Reading
	}
	title += q.part
	p.printf("<g>\n")
	p.text(margin, y+18, ` font-size="15" font-weight="bold"`, title, 140)
	if t.NotJudged != "" {
		for i, line := range p.notJudged(&q) {
			p.text(margin, y+titleSize+12+lineHeight*i, ` fill="#444"`, line, 170)
		}
		p.printf("</g>\n")
		return
	}
	top := y + titleSize + headHeight
	bottom := top + p.laneHeight()*len(q.lanes)
	end := min(p.end, len(t.Steps))
	for i := p.first; i < end; i++ {
		p.step(t, i, y+titleSize, top, bottom, p.several && i < len(p.differs) && p.differs[i])
	}
	for i, l := range q.lanes {
		p.lane(l, top+p.laneHeight()*i, end)
	}
	p.printf("</g>\n")
}

// step draws the head of a column and the line down from it.
func (p *painter) step(t *plan.Trace, i, y, top, bottom int, differs bool) {
	x := p.x(i)
	s := &t.Steps[i]
	number := fmt.Sprint(i + 1)
	if differs {
		number += "*"
		p.printf(`<rect x="%d" y="%d" width="%d" height="%d" fill="#000" fill-opacity=".06"/>`+"\n", x-p.column/2+1, y, p.column-2, bottom-y)
	}
	most := int(float64(p.column-6) / charWidth)
	p.printf("<g>")
	if calls := callsOf(&s.Decision); calls != "" {
		p.printf("<title>%s</title>", clean(calls))
	}
	p.text(x, y+14, ` text-anchor="middle" font-weight="bold"`, number, most)
	p.printf("</g>\n")
	if p.column > minColumn {
		p.text(x, y+28, ` text-anchor="middle" font-size="11" fill="#333"`, string(s.Op)+" "+s.Module, most+1)
		word := string(s.Decision.Outcome)
		if s.Decision.Errno != "" {
			word += " " + s.Decision.Errno
		}
		p.text(x, y+41, ` text-anchor="middle" font-size="11" fill="#333"`, word, most+1)
	}
	p.printf(`<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#bbb" stroke-dasharray="2 3"/>`+"\n", x, top, x, bottom)
}

// callsOf lists the callbacks of a step for its tooltip.
func callsOf(d *replace.Decision) string {
	var calls []string
	for i := range d.Calls {
		c := &d.Calls[i]
		calls = append(calls, fmt.Sprintf("%s: %s %s", c.Livepatch, c.Kind, c.Object))
	}
	return strings.Join(calls, "; ")
}

// lane draws what is to be seen of a lane before the step end.
func (p *painter) lane(l *lane, y, end int) {
	if p.strip > 0 {
		for x := margin + p.gutter + repeatEvery; x < p.x(p.end-1); x += repeatEvery {
			p.text(x, y+10, ` font-size="10" fill="#555"`, l.label, repeatEvery/8)
		}
		y += p.strip
	}
	p.text(margin, y+laneHeight/2+4, "", l.label, int(float64(p.gutter-8)/charWidth))
	p.printf(`<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#ddd"/>`+"\n", margin, y+laneHeight, p.right(), y+laneHeight)
	for _, b := range l.bars {
		if p.sees(b.from, b.to) {
			p.bar(l, b, y+(laneHeight-barHeight)/2, end)
		}
	}
	for _, m := range l.marks {
		if !p.sees(m.step, m.step) {
			continue
		}
		p.printf("<g>")
		if m.tooltip != "" {
			p.printf("<title>%s</title>", clean(m.tooltip))
		}
		p.cross(p.x(m.step), y+laneHeight/2, 8)
		p.printf("</g>\n")
		p.note(l, m.step, 12, y+laneHeight/2+4, ` fill="#a00000" font-weight="bold"`, m.word, charWidth)
	}
}

// sees says whether something between two steps is drawn; to is -1 where it lasts.
func (p *painter) sees(from, to int) bool { return from < p.end && (to < 0 || to >= p.first) }

// note writes a word behind what happens to a lane at a step, as far as the lane has
// room for it: up to what happens next. Upon a bar it stands on a ground of its own.
func (p *painter) note(l *lane, step, behind, y int, attributes, word string, character float64) {
	end, ground := p.right()+40, false
	next := func(at, before int) {
		if at > step {
			end = min(end, p.x(at)-before)
		}
	}
	for _, b := range l.bars {
		next(b.from, 2)
		next(b.to, 8)
		ground = ground || b.from <= step && (b.to < 0 || b.to > step)
	}
	for _, m := range l.marks {
		next(m.step, 8)
	}
	x := p.x(step) + behind
	most := max(1, int(float64(end-x)/character))
	if ground {
		box := int(float64(min(most, utf8.RuneCountInString(word)))*character) + 4
		p.printf(`<rect x="%d" y="%d" width="%d" height="16" rx="3" fill="#fff" fill-opacity=".85"/>`+"\n", x-2, y-12, box)
	}
	p.text(x, y, attributes, word, most)
}

// bar draws one time of activity: a stripe for each set, and the sets' numbers.
// What began before the first step that is drawn begins at the edge, and what lasts
// beyond the last, before the step end, has an arrow there.
func (p *painter) bar(l *lane, b bar, y, end int) {
	from, to := p.x(b.from), p.x(end-1)+p.column/2-2
	if b.from < p.first {
		from = margin + p.gutter
	}
	lasts := b.to < 0 || b.to >= end
	if !lasts {
		to = p.x(b.to)
	}
	width := max(4, to-from)
	p.printf("<g><title>%s</title>\n", clean(barTitle(l, b)))
	defer p.printf("</g>\n")
	shown := b.sets
	if len(shown) > 4 {
		shown = shown[:4]
	}
	switch {
	case l.target:
		p.printf(`<rect x="%d" y="%d" width="%d" height="%d" fill="#eee" stroke="#888" stroke-dasharray="4 2"/>`+"\n", from, y+5, width, barHeight-10)
	case len(shown) == 0:
		p.printf(`<rect x="%d" y="%d" width="%d" height="%d" fill="#d5d5d5"/>`+"\n", from, y, width, barHeight)
	}
	for i, s := range shown {
		top, end := barHeight*i/len(shown), barHeight*(i+1)/len(shown)
		p.printf(`<rect x="%d" y="%d" width="%d" height="%d" fill="url(#%sklp-%s)"/>`+"\n", from, y+top, width, end-top, p.ids, className(p.classes[s]))
	}
	if !l.target {
		p.printf(`<rect x="%d" y="%d" width="%d" height="%d" fill="none" stroke="#222"/>`+"\n", from, y, width, barHeight)
	}
	label := "active"
	switch {
	case l.target:
		label = "target"
	case len(b.sets) > 0:
		label = replace.FormatSets(shown)
		if len(b.sets) > len(shown) {
			label = label[:len(label)-1] + ",...}"
		}
	}
	most := int(float64(width-14) / charWidth)
	if most >= 3 {
		label = fit(label, most)
		box := int(float64(utf8.RuneCountInString(label))*charWidth) + 6
		p.printf(`<rect x="%d" y="%d" width="%d" height="16" rx="3" fill="#fff" fill-opacity=".85"/>`+"\n", from+4, y+3, box)
		p.text(from+7, y+15, "", label, most)
	}
	switch {
	case lasts:
		p.printf(`<path d="M%d,%d l5,%d l-5,%d z" fill="#222"/>`+"\n", to, y+barHeight/2-5, 5, 5)
	case b.replaced || b.end == "crash":
		p.cross(to, y+barHeight/2, 6)
		p.note(l, b.to, 9, y+barHeight/2+4, ` font-size="11"`, b.end, endWidth)
	default:
		p.printf(`<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#222" stroke-width="3"/>`+"\n", to, y-3, to, y+barHeight+3)
		p.note(l, b.to, 6, y+barHeight/2+4, ` font-size="11"`, b.end, endWidth)
	}
}

// barTitle is the tooltip of a bar: all that its label may have no room for.
func barTitle(l *lane, b bar) string {
	s := l.label + ": active"
	if l.target {
		s = l.label + ": loaded"
	}
	if len(b.sets) > 0 {
		s += ", sets " + replace.FormatSets(b.sets)
	}
	if b.to < 0 {
		return fmt.Sprintf("%s from step %d", s, b.from+1)
	}
	return fmt.Sprintf("%s from step %d to step %d, %s", s, b.from+1, b.to+1, b.end)
}

func (p *painter) cross(x, y, r int) {
	d := fmt.Sprintf("M%d,%d L%d,%d M%d,%d L%d,%d", x-r, y-r, x+r, y+r, x-r, y+r, x+r, y-r)
	p.printf(`<path d="%s" stroke="#fff" stroke-width="6"/><path d="%s" stroke="#a00000" stroke-width="3"/>`, d, d)
	p.printf("\n")
}

// legendSets is how many sets a line of the legend holds.
const legendSets = 8

func (p *painter) legendHeight() int {
	return 30 + 22*((min(len(p.sets), 4*legendSets)+legendSets-1)/legendSets)
}

func (p *painter) legend(y int) {
	for i, s := range p.sets {
		if i >= 4*legendSets {
			break
		}
		x, row := margin+(i%legendSets)*130, y+22*(i/legendSets)
		p.printf(`<rect x="%d" y="%d" width="26" height="14" fill="url(#%sklp-%s)" stroke="#222"/>`+"\n", x, row, p.ids, className(p.classes[s]))
		p.text(x+32, row+11, "", fmt.Sprintf("set %d", s), 14)
	}
	words := "bar: active; cross: refused, replaced or crash; thick line: disabled"
	if p.several {
		words += "; *: they differ"
	}
	p.text(margin, y+p.legendHeight()-14, ` font-size="11" fill="#444"`, words, 150)
}

// fit shortens text to most characters. It is given clean text and keeps its
// entities whole.
func fit(s string, most int) string {
	if most < 1 {
		most = 1
	}
	n := 0
	for i := 0; i < len(s); n++ {
		_, size := utf8.DecodeRuneInString(s[i:])
		if s[i] == '&' {
			size = strings.IndexByte(s[i:], ';') + 1
		}
		if n == most-1 && i+size < len(s) {
			return s[:i] + "…"
		}
		i += size
	}
	return s
}

// maxText bounds one text in bytes: a module may call itself anything, and each
// step repeats it.
const maxText = 1000

// clean makes any string text of the picture.
func clean(s string) string { return escape.Markup(s, maxText) }
