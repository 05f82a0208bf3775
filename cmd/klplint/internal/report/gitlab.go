package report

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/report/escape"
	"github.com/klplint/klplint/finding"
)

// issue is one entry of GitLab's code quality report.
type issue struct {
	Description string `json:"description"`
	CheckName   string `json:"check_name"`
	Fingerprint string `json:"fingerprint"`
	Severity    string `json:"severity"`
	Location    struct {
		Path  string `json:"path"`
		Lines struct {
			Begin int `json:"begin"`
		} `json:"lines"`
	} `json:"location"`
}

// LintGitLab writes GitLab's code quality report: an entry for each finding
// that is neither waived nor known, and one for each file that could not be
// checked. GitLab folds entries of one fingerprint into one, so that the second
// file of one module gets another one.
func LintGitLab(w io.Writer, l *Lint, _ Options) error {
	b := bufio.NewWriter(w)
	b.WriteByte('[')
	sep := "\n"
	add := func(i *issue, path string) error {
		path, _, _ = strings.Cut(path, "!/")
		i.Location.Path = escape.Cut(Escape(strings.TrimPrefix(path, "./")), maxMessage)
		i.Location.Lines.Begin = 1
		line, err := json.Marshal(i)
		if err != nil {
			return err
		}
		b.WriteString(sep)
		sep = ",\n"
		_, err = b.Write(line)
		return err
	}
	for i := range l.Verdict.Errors {
		p := &l.Verdict.Errors[i]
		e := &issue{
			Description: escape.Cut("could not be checked: "+ProblemLine(*p), maxMessage),
			CheckName:   "klplint",
			Fingerprint: digest("error", p.Path, p.Section, p.Rule, p.Message),
			Severity:    "blocker",
		}
		if err := add(e, p.Path); err != nil {
			return err
		}
	}
	seen := make(map[string]bool)
	for _, i := range l.open(len(l.Verdict.Findings)) {
		f := &l.Verdict.Findings[i].Finding
		print := l.Verdict.Findings[i].Fingerprint
		if seen[print] {
			print = digest(print, f.Module)
		}
		seen[print] = true
		text := f.Message + translated(f)
		if at := place(f.Location); at != "" {
			text += " (" + at + ")"
		}
		e := &issue{
			Description: escape.Cut(Escape(text), maxMessage),
			CheckName:   Escape(f.Rule),
			Fingerprint: print,
			Severity:    qualitySeverity(f.Severity),
		}
		if err := add(e, f.Module); err != nil {
			return err
		}
	}
	b.WriteString("\n]\n")
	return b.Flush()
}

func qualitySeverity(s finding.Severity) string {
	switch s {
	case finding.Error:
		return "critical"
	case finding.Warning:
		return "minor"
	case finding.Info:
	}
	return "info"
}
