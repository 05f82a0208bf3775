package matrix

import (
	"fmt"
	"slices"
	"strings"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
)

// Difference is one thing in which the builds of a patch differ.
type Difference struct {
	Severity finding.Severity
	Kind     string // "func", "name", "state", "replace", "build"
	// Subject is what differs: "vmlinux:foo", "state 7", "replace"; "" for builds.
	Subject string
	Message string // one clause, naming the columns
}

// compare lists what differs between the builds of a row. Funcs, states and
// replace differ at error; a kernel without a build, and builds that the names
// do not tell apart, at warning; a name that only the compiler changed at info.
func (r *Row) compare(columns []Kernel) {
	builds := make([]int, 0, len(columns))
	for col := range r.Cells {
		if r.Cells[col].Module != nil {
			builds = append(builds, col)
		}
	}
	r.compareBuilds(columns)
	if len(builds) < 2 {
		return
	}
	for i := range r.Funcs {
		r.compareFunc(&r.Funcs[i], columns, builds)
	}
	for _, s := range r.States {
		values := make(map[string][]int)
		for _, col := range builds {
			text := "absent"
			if v := s.Cells[col]; v != nil {
				text = fmt.Sprintf("version %d", *v)
			}
			values[text] = append(values[text], col)
		}
		r.differ(finding.Error, "state", fmt.Sprintf("state %d", s.ID), values, columns)
	}
	values := make(map[string][]int)
	for _, col := range builds {
		values[r.Replace[col]] = append(values[r.Replace[col]], col)
	}
	r.differ(finding.Error, "replace", "replace", values, columns)
}

func furtherBuilds(n int, k Kernel) string {
	const why = "not compared: their names are the same"
	if n == 1 {
		return fmt.Sprintf("1 further build for %s is %s", k, why)
	}
	return fmt.Sprintf("%d further builds for %s are %s", n, k, why)
}

func (r *Row) compareBuilds(columns []Kernel) {
	var missing []int
	for col := range r.Cells {
		switch c := &r.Cells[col]; {
		case c.Module == nil:
			missing = append(missing, col)
		case len(c.Others) > 0:
			r.add(finding.Warning, "build", "", furtherBuilds(len(c.Others), columns[col]))
		}
	}
	if len(missing) > 0 {
		r.add(finding.Warning, "build", "", "no build for "+list(missing, columns))
	}
}

func (r *Row) compareFunc(l *Line, columns []Kernel, builds []int) {
	most := 0
	for _, col := range builds {
		most = max(most, len(l.Cells[col]))
	}
	subject := l.Object + ":" + l.Name
	counts, spellings := make(map[string][]int), make(map[string][]int)
	for _, col := range builds {
		switch n := len(l.Cells[col]); {
		case n == 0:
			counts["not patched"] = append(counts["not patched"], col)
		case most == 1:
			counts["patched"] = append(counts["patched"], col)
		case n == 1:
			counts["patched once"] = append(counts["patched once"], col)
		default: // several funcs of one name in one object
			text := fmt.Sprintf("patched %d times", n)
			counts[text] = append(counts[text], col)
		}
		if len(l.Cells[col]) > 0 {
			text := strings.Join(suffixes(l.Cells[col]), " ")
			spellings[text] = append(spellings[text], col)
		}
	}
	r.differ(finding.Error, "func", subject, counts, columns)
	r.differ(finding.Info, "name", subject, spellings, columns)
}

// suffixes returns the distinct names without positions, which differ by nature.
func suffixes(names []string) []string {
	var out []string
	for _, n := range names {
		n, _, _ = strings.Cut(n, ",")
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// Renamed reports whether a column's build patches the func under another name
// than the source's, so that the compiler made a copy of it there.
func (l *Line) Renamed(col int) bool {
	return slices.ContainsFunc(l.Cells[col], func(n string) bool {
		n, _, _ = strings.Cut(n, ",")
		return names.FuncBase(n) != n
	})
}

// Missing reports whether the column's build lacks the func.
func (l *Line) Missing(r *Row, col int) bool {
	return r.Cells[col].Module != nil && len(l.Cells[col]) == 0
}

// differ adds a difference when the columns hold more than one value.
func (r *Row) differ(severity finding.Severity, kind, subject string, values map[string][]int, columns []Kernel) {
	if len(values) < 2 {
		return
	}
	texts := make([]string, 0, len(values))
	for text := range values {
		texts = append(texts, text)
	}
	slices.SortFunc(texts, func(a, b string) int { return values[a][0] - values[b][0] })
	for i, text := range texts {
		texts[i] = text + " on " + list(values[text], columns)
	}
	r.add(severity, kind, subject, strings.Join(texts, "; "))
}

func (r *Row) add(severity finding.Severity, kind, subject, message string) {
	r.Differences = append(r.Differences, Difference{severity, kind, subject, message})
}

// list names at most four columns: a matrix can have hundreds.
func list(cols []int, columns []Kernel) string {
	const most = 4
	var names []string
	for i, col := range cols {
		if i == most {
			return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), len(cols)-most)
		}
		names = append(names, columns[col].String())
	}
	return strings.Join(names, ", ")
}

// String is release and architecture, e.g. "6.12.111+deb12-amd64 x86_64".
func (k Kernel) String() string {
	if k.Release == "" {
		return "unknown " + string(k.Arch)
	}
	return k.Release + " " + string(k.Arch)
}
