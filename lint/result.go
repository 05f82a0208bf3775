package lint

import (
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

// Result is what a run found, with the severities of the rules: what of it
// counts, and when a module fails, is the caller's to say. Every list is sorted
// and the same for any number of jobs.
type Result struct {
	// Findings in the order of module path, section, offset and rule.
	Findings []finding.Finding
	// NotEvaluated lists the rules that could not judge, and why: they have
	// not passed.
	NotEvaluated []NotEvaluated
	// Errors lists what could not be checked.
	Errors []Error
	// Modules lists the candidates in the order of their paths. Files met in a
	// folder that are no livepatch are only counted, in Summary.Skipped.
	Modules []Module
	Summary Summary
}

// Module is one candidate.
type Module struct {
	Path   string
	Name   string // the module's own name; "" when it could not be read
	SHA256 string // "" unless Config.Options asked for it
	// Errored: an entry of Result.Errors names it. It was not judged in full,
	// whatever else was found.
	Errored bool
	// NoLivepatch: the file was read and is no livepatch; only the rules for any
	// kind of file have judged it.
	NoLivepatch bool

	Release     string          // kernel release of the vermagic; "" where it is not known
	Size        int64           // bytes of the file as stored
	Compression klp.Compression // how the file is stored
}

// NotEvaluated is one rule that could not judge one module, or any.
type NotEvaluated struct {
	Rule   string // ID
	Module string // path; "" when the rule judged no module at all
	Needs  string // what is missing: "kernel", "set", or in words
}

// Error is something that could not be checked.
type Error struct {
	Path    string
	Section string // "" for the file as a whole
	Offset  int64  // bytes from the start of the (unpacked) file
	Message string
	Rule    string // the rule that failed; "" where the file could not be read
}

// Summary counts. Modules are the livepatch modules that were read; Errors are
// entries of Result.Errors; Error, Warning and Info count findings.
type Summary struct {
	Modules, Skipped, Errors int
	Error, Warning, Info     int
}

// Count adds a finding of that severity.
func (s *Summary) Count(severity finding.Severity) {
	switch severity {
	case finding.Error:
		s.Error++
	case finding.Warning:
		s.Warning++
	case finding.Info:
		s.Info++
	}
}

// count sets the counts of findings and errors.
func (r *Result) count() {
	s := &r.Summary
	s.Error, s.Warning, s.Info, s.Errors = 0, 0, 0, len(r.Errors)
	for i := range r.Findings {
		s.Count(r.Findings[i].Severity)
	}
}
