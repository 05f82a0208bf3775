package report

import (
	"io"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

// LintJSON writes the JSON of lint; the fields are those of docs/json.md. A
// module, a finding and an unevaluated rule stand on a line each.
func LintJSON(w io.Writer, l *Lint) error {
	e := newEncoder(w)
	e.open('{')
	e.uint("schema", 1)
	e.key("tool")
	e.open('{')
	e.str("name", "klplint")
	e.str("version", l.Version)
	e.close('}')
	e.str("model", l.Model)
	e.lintModules(l)
	e.findings(l)
	e.fixed(l.Verdict.Fixed)
	e.key("not_evaluated")
	e.open('[')
	for _, n := range l.Verdict.NotEvaluated {
		e.line()
		e.open('{')
		e.str("rule", n.Rule)
		e.str("module", n.Module)
		e.str("needs", n.Needs)
		e.close('}')
		e.flushIf()
	}
	e.close(']')
	e.problems(l.Verdict.Errors)
	s := &l.Verdict.Summary
	e.key("summary")
	e.open('{')
	e.int("modules", int64(s.Modules))
	e.int("skipped", int64(s.Skipped))
	e.int("errors", int64(s.Errors))
	e.int("error", int64(s.Error))
	e.int("warning", int64(s.Warning))
	e.int("info", int64(s.Info))
	e.close('}')
	if l.Gate != nil {
		e.gate(l.Gate)
	}
	e.int("exit_code", int64(l.Verdict.ExitCode))
	e.close('}')
	e.b = append(e.b, '\n')
	return e.finish()
}

func (e *encoder) lintModules(l *Lint) {
	e.key("modules")
	e.open('[')
	for i := range l.Verdict.Modules {
		m := &l.Verdict.Modules[i]
		e.line()
		e.open('{')
		e.str("path", m.Path)
		e.str("name", m.Name)
		e.strIf("sha256", m.SHA256)
		e.str("verdict", string(m.Verdict))
		e.close('}')
		e.flushIf()
	}
	e.close(']')
}

func (e *encoder) findings(l *Lint) {
	e.key("findings")
	e.open('[')
	for i := range l.Verdict.Findings {
		e.line()
		f := &l.Verdict.Findings[i]
		e.finding(&f.Finding)
		e.decided(f)
		e.close('}')
		e.flushIf()
	}
	e.close(']')
}

// decided writes the members that say what policy made of a finding.
func (e *encoder) decided(f *policy.Finding) {
	e.str("fingerprint", f.Fingerprint)
	e.bool("waived", f.Waiver != nil)
	e.bool("known", f.Known)
	if f.Waiver == nil {
		return
	}
	e.key("waiver")
	e.open('{')
	e.str("reason", f.Waiver.Reason)
	e.strIf("owner", f.Waiver.Owner)
	e.strIf("until", lastDay(f.Waiver))
	e.close('}')
}

// fixed writes the member "fixed": the known findings that no longer occur.
func (e *encoder) fixed(list []policy.KnownFinding) {
	e.key("fixed")
	e.open('[')
	for i := range list {
		k := &list[i]
		e.line()
		e.open('{')
		e.str("rule", k.Rule)
		e.str("module", k.Module)
		e.str("object", k.Object)
		e.str("func", k.Func)
		e.str("message", k.Message)
		e.str("fingerprint", k.Fingerprint)
		e.close('}')
		e.flushIf()
	}
	e.close(']')
}

// finding writes a finding's own members and leaves the object open.
func (e *encoder) finding(f *finding.Finding) {
	e.open('{')
	e.str("rule", f.Rule)
	e.str("severity", f.Severity.String())
	e.str("module", f.Module)
	e.str("message", f.Message)
	e.str("object", f.Object)
	e.str("func", f.Func)
	e.location(f.Location)
	if f.Kernel != nil {
		e.key("kernel")
		e.open('{')
		e.str("errno", f.Kernel.Errno)
		e.str("message", f.Kernel.Message)
		e.close('}')
	}
	e.key("related")
	e.open('[')
	for _, r := range f.Related {
		e.open('{')
		e.str("module", r.Module)
		e.str("message", r.Message)
		e.location(r.Location)
		e.close('}')
	}
	e.close(']')
}

// location writes the member "location"; section "" means the file as a whole.
func (e *encoder) location(at klp.Location) {
	e.key("location")
	e.open('{')
	e.str("section", at.Section)
	e.uint("offset", at.Offset)
	e.str("symbol", at.Symbol)
	e.close('}')
}

// line puts a list's next element on a line of its own.
func (e *encoder) line() {
	e.comma()
	e.b = append(e.b, '\n')
}
