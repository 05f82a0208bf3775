package policy

import (
	"fmt"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/lint"
)

// Verdict is what a run comes to under a policy. Reports are made of it.
type Verdict struct {
	// Findings are those of the run and those about waivers, in the order of
	// their modules, with the severity that the policy gives them.
	Findings     []Finding
	Modules      []Module
	NotEvaluated []lint.NotEvaluated
	Errors       []lint.Error
	// Summary counts the findings that count.
	Summary       lint.Summary
	Waived, Known int // findings that do not count, and why
	// Fixed are entries of Policy.Known that no longer occur, although their rule
	// was evaluated for their module.
	Fixed []KnownFinding
	// Unmet is what Policy.Require asked for in vain.
	Unmet []Unmet
	// NoModule: there was no livepatch to judge, and that is a failure.
	NoModule bool
	// ExitCode is the command's: OK, Findings or Unchecked of package exitcode.
	ExitCode int
}

// Finding is a finding and what became of it.
type Finding struct {
	finding.Finding
	Fingerprint string
	Waiver      *Waiver // nil when none waives it
	Known       bool    // one of the known findings, and not waived
}

// Accepted reports whether the finding does not count.
func (f *Finding) Accepted() bool { return f.Waiver != nil || f.Known }

// Module is a candidate and its own verdict.
type Module struct {
	lint.Module
	Verdict ModuleVerdict
}

// ModuleVerdict is the outcome for one module.
type ModuleVerdict string

// The verdicts. Error outranks fail: a module that could not be checked in
// full has not been judged.
const (
	Pass    ModuleVerdict = "pass"    // no finding at or above the threshold counts
	Fail    ModuleVerdict = "fail"    // at least one does
	Errored ModuleVerdict = "error"   // unreadable, or a rule panicked or failed
	Skipped ModuleVerdict = "skipped" // no livepatch
)

func moduleVerdict(m *lint.Module, failed bool) ModuleVerdict {
	switch {
	case m.Errored:
		return Errored
	case failed:
		return Fail
	case m.NoLivepatch:
		return Skipped
	}
	return Pass
}

// Unmet is a requirement and the rule that it was not met for.
type Unmet struct {
	Require string // as the policy has it: a rule's ID, or "kernel"
	lint.NotEvaluated
}

// String says it in a line.
func (u *Unmet) String() string {
	where := ""
	if u.Module != "" {
		where = " for " + u.Module
	}
	return fmt.Sprintf("--require %s: %s was not evaluated%s: needs %s", u.Require, u.Rule, where, u.Needs)
}

// unmet says which requirements are not met, with the first rule of each.
func (p *Policy) unmet(r *lint.Result) []Unmet {
	var out []Unmet
	for _, word := range p.Require {
		for _, n := range r.NotEvaluated {
			aKernel := word == "kernel" && strings.HasPrefix(n.Needs, "kernel")
			if n.Rule == word || aKernel {
				out = append(out, Unmet{word, n})
				break
			}
		}
	}
	return out
}

// exitCode is the verdict on the run as a whole, and whether it lacks a module.
// What could not be checked outranks what was found.
func (p *Policy) exitCode(v *Verdict, failed bool) (code int, noModule bool) {
	s := &v.Summary
	switch {
	case s.Modules > 0 || len(v.Errors) > 0:
	case p.Gate:
		noModule = true // there is nothing to admit
	default:
		noModule = !p.AllowEmpty && s.Error+s.Warning+s.Info == 0
	}
	switch {
	case len(v.Errors) > 0 || len(v.Unmet) > 0:
		return exitcode.Unchecked, noModule
	case failed:
		return exitcode.Findings, noModule
	case noModule:
		return exitcode.Unchecked, noModule
	}
	return exitcode.OK, noModule
}
