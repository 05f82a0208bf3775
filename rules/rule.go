package rules

import (
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
)

// Rule is an analyzer with what that type lacks.
type Rule struct {
	// Analyzer.Name is the ID. Analyzer.Doc is a title line, an empty line, the
	// reason with the kernel source it rests on, and last a paragraph that
	// starts with "Fix: ".
	Analyzer *analysis.Analyzer
	Severity finding.Severity
	// Also lists the other severities that its findings may have, the worst first:
	// where less is at stake than in the case that Severity is for, or more. nil
	// for none.
	Also []finding.Severity
	// GateSeverity is the severity in an admission gate, which does not let pass
	// what a person may look at and accept; 0 means Severity.
	GateSeverity finding.Severity
	Since        string   // klplint version that brought the rule
	Tags         []string // for --enable and --disable; "security" ones can only be waived by a named file
	// NonDefault rules run only when they are enabled by ID, glob or tag.
	NonDefault bool
	// AnyKind rules also judge files that are no livepatch; the driver gives
	// all others livepatch modules only.
	AnyKind bool
	// Types: the rule asks for the module's types. Where no rule does, its debug
	// information is not read.
	Types bool
}

// ID returns the rule's stable name, e.g. KLP101.
func (r *Rule) ID() string { return r.Analyzer.Name }

// Title returns the first line of the documentation.
func (r *Rule) Title() string {
	title, _, _ := strings.Cut(r.Analyzer.Doc, "\n")
	return title
}

// Severities returns Severity and what else its findings may have: "error, or
// warning".
func (r *Rule) Severities() string {
	if len(r.Also) == 0 {
		return r.Severity.String()
	}
	others := make([]string, len(r.Also))
	for i, s := range r.Also {
		others[i] = s.String()
	}
	return r.Severity.String() + ", or " + strings.Join(others, " or ")
}

// Needs returns the names of the inputs the rule requires: "module", "set",
// "kernel".
func (r *Rule) Needs() []string {
	needs := make([]string, len(r.Analyzer.Requires))
	for i, a := range r.Analyzer.Requires {
		needs[i] = a.Name
	}
	return needs
}

// Requires reports whether the rule has the input among its prerequisites.
func (r *Rule) Requires(input *analysis.Analyzer) bool {
	for _, a := range r.Analyzer.Requires {
		if a == input {
			return true
		}
	}
	return false
}
