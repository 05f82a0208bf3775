package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/diff"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

// DiffText writes what differs, one thing a line: kind, change, subject and
// detail. The first line names the two files.
func DiffText(w io.Writer, d *diff.Diff, _ Options) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s -> %s\n", Escape(d.Old.Path), Escape(d.New.Path))
	for _, i := range d.Items() {
		b.WriteString(Escape(diffLine(&i)))
		b.WriteByte('\n')
	}
	return b.Flush()
}

func diffLine(i *diff.Item) string {
	line := i.Kind + " " + i.Change
	if i.Subject != "" {
		line += " " + i.Subject
	}
	if i.Detail != "" {
		line += ": " + i.Detail
	}
	if i.Severity > finding.Info {
		line += " [" + i.Severity.String() + "]"
	}
	return line
}

// DiffSummary says in one line what became of the funcs and how much of the
// difference is an error or a warning.
func DiffSummary(d *diff.Diff) string {
	var parts []string
	items := d.Items()
	number := func(fits func(*diff.Item) bool) (n int) {
		for i := range items {
			if fits(&items[i]) {
				n++
			}
		}
		return n
	}
	for _, change := range []string{"anew", "again", "no longer"} {
		if n := number(func(i *diff.Item) bool { return i.Kind == "func" && i.Change == change }); n > 0 {
			parts = append(parts, count(n, "func")+" "+change)
		}
	}
	s := strings.Join(parts, ", ")
	if s == "" {
		s = "no funcs"
	}
	parts = nil
	for _, severity := range []finding.Severity{finding.Error, finding.Warning} {
		if n := number(func(i *diff.Item) bool { return i.Severity == severity }); n > 0 {
			parts = append(parts, count(n, severity.String()))
		}
	}
	if len(parts) == 0 {
		return s + "; no errors"
	}
	return s + "; " + strings.Join(parts, ", ")
}

// DiffTable writes what differs as a table.
func DiffTable(w io.Writer, d *diff.Diff, o Options) error {
	if _, err := fmt.Fprintf(w, "%s -> %s\n", Escape(diffName(d.Old)), Escape(diffName(d.New))); err != nil {
		return err
	}
	t := newTable(o, column{title: "what", fixed: true}, column{title: "change", fixed: true}, column{title: "severity", fixed: true}, column{title: "subject"}, column{title: "detail"})
	kind := ""
	for _, i := range d.Items() {
		if kind != "" && i.Kind != kind {
			t.rule()
		}
		kind = i.Kind
		t.add(text(i.Kind), styled(severityStyle(i.Severity), i.Change), styled(severityStyle(i.Severity), diffSeverity(&i)), text(i.Subject), text(i.Detail))
	}
	return t.write(w)
}

// diffSeverity is the severity where it makes a run fail under some --fail-on.
func diffSeverity(i *diff.Item) string {
	if i.Severity > finding.Info {
		return i.Severity.String()
	}
	return ""
}

// DiffMarkdown writes what differs as the paragraphs of a release note.
func DiffMarkdown(w io.Writer, d *diff.Diff, _ Options) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "# %s -> %s\n", markdownText(diffName(d.Old)), markdownText(diffName(d.New)))
	for _, s := range []struct {
		title  string
		kind   string
		change string // "" for all
	}{
		{"Newly patched", "func", "anew"},
		{"Still patched", "func", "again"},
		{"No longer patched", "func", "no longer"},
		{"Objects", "object", ""},
		{"Callbacks", "callback", ""},
		{"States", "state", ""},
		{"Replace", "replace", ""},
		{"Livepatch relocations", "klp symbol", ""},
		{"Toolchain", "toolchain", ""},
		{"Kernel", "kernel", ""},
		{"Loading it over the old one", "load", ""},
		{"Loading the old one over it", "back", ""},
	} {
		titled := false
		for _, i := range d.Items() {
			if i.Kind != s.kind || s.change != "" && i.Change != s.change {
				continue
			}
			if !titled {
				fmt.Fprintf(b, "\n## %s\n\n", s.title)
				titled = true
			}
			markdownWrap(b, "- ", "  ", diffPhrase(&i, s.change == ""))
		}
	}
	return b.Flush()
}

// diffPhrase is an item under a title that says its kind already.
func diffPhrase(i *diff.Item, change bool) string {
	var parts []string
	if i.Subject != "" {
		parts = append(parts, i.Subject)
	}
	if change {
		parts = append(parts, i.Change)
	}
	phrase := strings.Join(parts, " ")
	if i.Detail != "" {
		phrase += ": " + i.Detail
	}
	return phrase
}

func diffName(m *klp.Module) string {
	if m.Name != "" {
		return m.Name
	}
	return m.Path
}
