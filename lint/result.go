package lint

import (
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

// Result is what a run found. Every list is sorted and the same for any number
// of jobs.
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
	Path    string
	Name    string // the module's own name; "" when it could not be read
	SHA256  string // "" unless Config.Options asked for it
	Verdict Verdict

	Release     string          // kernel release of the vermagic; "" where it is not known
	Size        int64           // bytes of the file as stored
	Compression klp.Compression // how the file is stored

	noLivepatch bool // Skipped, unless a finding makes it fail
}

// NoLivepatch reports whether the file was read and is no livepatch: only the
// rules for any kind of file have judged it.
func (m *Module) NoLivepatch() bool { return m.noLivepatch }

// Verdict is the outcome for one module.
type Verdict string

// The verdicts. Error outranks fail: a module that could not be checked in
// full has not been judged.
const (
	Pass    Verdict = "pass"    // no finding at or above the limit
	Fail    Verdict = "fail"    // at least one
	Errored Verdict = "error"   // unreadable, or a rule broke off
	Skipped Verdict = "skipped" // no livepatch
)

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
	Rule    string // the rule that broke off; "" where the file could not be read
}

// Summary counts. Modules are the livepatch modules that were read; Errors are
// entries of Result.Errors; Error, Warning and Info count findings.
type Summary struct {
	Modules, Skipped, Errors int
	Error, Warning, Info     int
}

// Judge sets each module's verdict and the counts of findings anew, after the
// caller has changed or dropped findings. A module fails with a finding of at
// least the severity failOn; 0 means never. Run itself judges with rules.Error.
func (r *Result) Judge(failOn finding.Severity) {
	failed := make(map[string]bool)
	s := &r.Summary
	s.Error, s.Warning, s.Info = 0, 0, 0
	for i := range r.Findings {
		f := &r.Findings[i]
		switch f.Severity {
		case finding.Error:
			s.Error++
		case finding.Warning:
			s.Warning++
		case finding.Info:
			s.Info++
		}
		if failOn != 0 && f.Severity >= failOn {
			failed[f.Module] = true
		}
	}
	for i := range r.Modules {
		m := &r.Modules[i]
		switch {
		case m.Verdict == Errored:
		case failed[m.Path]:
			m.Verdict = Fail
		case m.noLivepatch:
			m.Verdict = Skipped
		default:
			m.Verdict = Pass
		}
	}
}
