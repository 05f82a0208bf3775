package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/rules"
)

// Lint is all that a report of lint says.
type Lint struct {
	Verdict *policy.Verdict
	Version string // klplint's own
	Model   string // as asked for; "" when each module's own field decides
	// FailOn is the severity at which findings make a run fail; 0 means never.
	FailOn finding.Severity
	// Rules are those that were chosen, with the ones of policy.
	Rules []*rules.Rule
	View  View
	// Picture is drawn in the HTML report; nil leaves it out.
	Picture *Picture
	Gate    *Gate // nil in a report of lint itself
}

// accepted reports whether finding i does not count: the reports for people
// leave it out.
func (l *Lint) accepted(i int) bool { return l.Verdict.Findings[i].Accepted() }

// why says in one clause, not escaped, why finding i does not count; "" for
// one that does. A finding that is waived or known stands in every report that
// has a way to say so, and in no other.
func (l *Lint) why(i int) string {
	f := &l.Verdict.Findings[i]
	switch {
	case f.Waiver != nil:
		s := "waived"
		if f.Waiver.Owner != "" {
			s += " by " + f.Waiver.Owner
		}
		if until := lastDay(f.Waiver); until != "" {
			s += " until " + until
		}
		return s + ": " + f.Waiver.Reason
	case f.Known:
		return "known"
	}
	return ""
}

// lastDay is the waiver's last day, "2026-12-31"; "" when it has none.
func lastDay(w *policy.Waiver) string {
	if w.Until.IsZero() {
		return ""
	}
	return w.Until.Format(time.DateOnly)
}

// place formats a location as section+0xoff and symbol, "" for the file as a
// whole. It is not escaped.
func place(at klp.Location) string {
	switch {
	case at.Section == "" && at.Symbol == "":
		return ""
	case at.Section == "":
		return at.Symbol
	case at.Symbol == "":
		return fmt.Sprintf("%s+0x%x", at.Section, at.Offset)
	}
	return fmt.Sprintf("%s+0x%x %s", at.Section, at.Offset, at.Symbol)
}

// severityStyle is the colour of a severity.
func severityStyle(s finding.Severity) style {
	switch s {
	case finding.Error:
		return red
	case finding.Warning:
		return yellow
	case finding.Info:
		return cyan
	}
	return plain
}

// translated lists what the mangled names of a finding mean: "; _RNv... is
// demo::foo". It is "" for C.
func translated(f *finding.Finding) string {
	var b strings.Builder
	fn, _, _ := strings.Cut(f.Func, ",")
	for i, name := range [...]string{fn, f.Location.Symbol} {
		if i == 1 && name == fn {
			break
		}
		if d := demangled(name); d != "" {
			fmt.Fprintf(&b, "; %s is %s", name, d)
		}
	}
	return b.String()
}

// Summary says in one line, without a line break, what was checked and found.
func (l *Lint) Summary() string {
	s := &l.Verdict.Summary
	var b strings.Builder
	b.WriteString(count(s.Modules, "livepatch"))
	b.WriteString(" checked: ")
	if s.Error+s.Warning+s.Info == 0 {
		b.WriteString("no findings")
	} else {
		sep := ""
		for _, part := range []struct {
			n    int
			word string
		}{{s.Error, "error"}, {s.Warning, "warning"}, {s.Info, "info"}} {
			if part.n > 0 {
				b.WriteString(sep + count(part.n, part.word))
				sep = ", "
			}
		}
	}
	if n := l.Verdict.Waived; n > 0 {
		fmt.Fprintf(&b, "; %d waived", n)
	}
	if n := l.Verdict.Known; n > 0 {
		fmt.Fprintf(&b, "; %d known", n)
	}
	if s.Skipped > 0 {
		b.WriteString("; " + count(s.Skipped, "other file") + " skipped")
	}
	if s.Errors > 0 {
		fmt.Fprintf(&b, "; %d could not be checked", s.Errors)
	}
	return b.String()
}

// FixedLines says which known findings no longer occur, a line each, escaped.
func (l *Lint) FixedLines() []string {
	out := make([]string, len(l.Verdict.Fixed))
	for i := range l.Verdict.Fixed {
		k := &l.Verdict.Fixed[i]
		out[i] = Escape(fmt.Sprintf("known finding no longer occurs: %s %s: %s (fingerprint %s)", k.Rule, k.Module, k.Message, k.Fingerprint))
	}
	return out
}

// NotEvaluated says which rules could not judge and what they lack, a line for
// each lack, escaped.
func (l *Lint) NotEvaluated() []string {
	var needs []string // in order of first mention
	ids := make(map[string][]string)
	for _, n := range l.Verdict.NotEvaluated {
		if _, ok := ids[n.Needs]; !ok {
			needs = append(needs, n.Needs)
		}
		if !slices.Contains(ids[n.Needs], n.Rule) {
			ids[n.Needs] = append(ids[n.Needs], n.Rule)
		}
	}
	out := make([]string, 0, len(needs))
	for _, lack := range needs {
		out = append(out, Escape(fmt.Sprintf("not evaluated: %s (needs %s)", strings.Join(ids[lack], " "), lack)))
	}
	return out
}

// count is "1 module" or "3 modules".
func count(n int, word string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(word, "patch"):
		word += "es"
	case word == "info":
	default:
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}
