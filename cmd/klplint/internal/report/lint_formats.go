package report

import (
	"fmt"
	"io"
)

// LintFormats are the formats in which WriteLint writes.
func LintFormats() []string {
	return []string{"text", "table", "json", "sarif", "sarif-github", "junit", "github", "gitlab", "markdown", "html"}
}

// WriteLint writes a report of lint in one of the LintFormats.
func WriteLint(w io.Writer, format string, l *Lint, o Options) error {
	switch format {
	case "text":
		return LintText(w, l, o)
	case "table":
		return LintTable(w, l, o)
	case "json":
		return LintJSON(w, l)
	case "sarif":
		return LintSARIF(w, l)
	case "sarif-github":
		return LintSARIFGitHub(w, l)
	case "junit":
		return LintJUnit(w, l)
	case "github":
		return LintGitHub(w, l)
	case "gitlab":
		return LintGitLab(w, l)
	case "markdown":
		return LintMarkdown(w, l)
	case "html":
		return LintHTML(w, l)
	}
	return fmt.Errorf("no format %q", format)
}
