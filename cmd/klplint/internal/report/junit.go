package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/report/escape"
	"github.com/klplint/klplint/finding"
)

// The elements of JUnit's XML that klplint writes, in the form that Jenkins,
// GitLab and GitHub's actions read, with what each of Jenkins' schemas allows alone: a
// testcase has no file, testsuites no skipped, and why a case is skipped is the text of
// the element. There is no time: the report is the same for the same modules.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	Skipped   *junitSkipped `xml:"skipped"`
	Error     *junitReason  `xml:"error"`
	Failure   *junitReason  `xml:"failure"`
	Output    string        `xml:"system-out,omitempty"`
}

type junitSkipped struct {
	Why string `xml:",chardata"`
}

type junitReason struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// LintJUnit writes a testsuite for each module and in it a testcase for each
// rule. A case fails with a finding at or above --fail-on, so that the report
// says what the exit code says; lesser findings are its output. A case is
// skipped where the rule could not judge, or where all it found is waived or
// known. A module that could not be read is a case with an error.
func LintJUnit(w io.Writer, l *Lint, _ Options) error {
	j := newJUnit(l)
	all := junitSuites{Name: "klplint"}
	add := func(s junitSuite) {
		s.count()
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Suites = append(all.Suites, s)
	}
	for i := range l.Verdict.Modules {
		add(j.module(&l.Verdict.Modules[i]))
	}
	for _, path := range j.elsewhere {
		add(junitSuite{Name: junitText(path), Cases: []junitCase{j.unread(path)}})
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", " ")
	if err := e.Encode(&all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// junit holds the result by module and rule.
type junit struct {
	lint      *Lint
	findings  map[judged][]int
	lacks     map[judged]string
	broken    map[judged][]string
	rules     []string // IDs: the chosen rules, then those that only findings name
	elsewhere []string // paths that errors name and that are no module of the result
}

// judged is a rule, "" for reading the file, and a module, "" for all of them.
type judged struct{ path, rule string }

func newJUnit(l *Lint) *junit {
	j := &junit{lint: l, findings: make(map[judged][]int), lacks: make(map[judged]string), broken: make(map[judged][]string)}
	seen := make(map[string]bool)
	for _, r := range l.Rules {
		j.rules = append(j.rules, r.ID())
		seen[r.ID()] = true
	}
	paths := make(map[string]bool)
	for i := range l.Verdict.Modules {
		paths[l.Verdict.Modules[i].Path] = true
	}
	var strange []string
	for i := range l.Verdict.Findings {
		f := &l.Verdict.Findings[i].Finding
		key := judged{f.Module, f.Rule}
		j.findings[key] = append(j.findings[key], i)
		if !seen[f.Rule] {
			seen[f.Rule] = true
			strange = append(strange, f.Rule)
		}
		if !paths[f.Module] {
			paths[f.Module] = true
			j.elsewhere = append(j.elsewhere, f.Module)
		}
	}
	slices.Sort(strange)
	j.rules = append(j.rules, strange...)
	for _, n := range l.Verdict.NotEvaluated {
		j.lacks[judged{n.Module, n.Rule}] = n.Needs
	}
	for _, p := range l.Verdict.Errors {
		key := judged{p.Path, p.Rule}
		// No line begins with what a file made of it: the report may go to a
		// stdout that somebody reads line by line.
		j.broken[key] = append(j.broken[key], "error: "+Escape(p.Message))
		if !paths[p.Path] {
			paths[p.Path] = true
			j.elsewhere = append(j.elsewhere, p.Path)
		}
	}
	slices.Sort(j.elsewhere)
	return j
}

func (j *junit) module(m *policy.Module) junitSuite {
	s := junitSuite{Name: junitText(m.Path)}
	if j.broken[judged{m.Path, ""}] != nil {
		s.Cases = append(s.Cases, j.unread(m.Path))
		return s
	}
	for _, id := range j.rules {
		r := j.lint.ruleByID(id)
		if m.NoLivepatch && (r == nil || !r.AnyKind) && j.findings[judged{m.Path, id}] == nil {
			c := j.newCase(m.Path, id)
			c.Skipped = &junitSkipped{"not a livepatch"}
			s.Cases = append(s.Cases, c)
			continue
		}
		if r == nil && j.findings[judged{m.Path, id}] == nil {
			continue // a rule of elsewhere says nothing of this module
		}
		s.Cases = append(s.Cases, j.judgedCase(m.Path, id))
	}
	return s
}

// unread is the case of something that could not be read, or that findings
// name though it is none of the modules.
func (j *junit) unread(path string) junitCase {
	c := junitCase{Name: "read", ClassName: junitText(path)}
	if messages := j.broken[judged{path, ""}]; messages != nil {
		c.Error = reason("could not be checked", messages)
		return c
	}
	var lines []string
	for _, id := range j.rules {
		for _, i := range j.findings[judged{path, id}] {
			lines = append(lines, j.line(i))
		}
		for _, message := range j.broken[judged{path, id}] {
			lines = append(lines, id+": "+message)
		}
	}
	c.Error = reason("not among the modules", lines)
	return c
}

func (j *junit) newCase(path, id string) junitCase {
	name := id
	if r := j.lint.ruleByID(id); r != nil {
		name += " " + r.Title()
	}
	return junitCase{Name: junitText(name), ClassName: junitText(path)}
}

func (j *junit) judgedCase(path, id string) junitCase {
	c := j.newCase(path, id)
	var failures, lesser, passed []string
	for _, i := range j.findings[judged{path, id}] {
		f := &j.lint.Verdict.Findings[i].Finding
		switch why := j.lint.why(i); {
		case why != "":
			passed = append(passed, Escape(why)+": "+j.line(i))
		case j.lint.FailOn != 0 && f.Severity >= j.lint.FailOn:
			failures = append(failures, j.line(i))
		default:
			lesser = append(lesser, j.line(i))
		}
	}
	lack, lacking := j.lacks[judged{path, id}]
	if !lacking {
		lack, lacking = j.lacks[judged{"", id}]
	}
	switch messages := j.broken[judged{path, id}]; {
	case messages != nil:
		c.Error = reason("the rule panicked or failed", messages)
	case failures != nil:
		c.Failure = reason("", failures)
		c.Failure.Type = j.worst(path, id).String()
	case lacking:
		c.Skipped = &junitSkipped{junitText("not evaluated: needs " + lack)}
	case passed != nil && lesser == nil:
		c.Skipped = &junitSkipped{junitText(passed[0])}
	}
	c.Output = junitText(strings.Join(few(append(lesser, passed...)), "\n"))
	return c
}

func (j *junit) worst(path, id string) finding.Severity {
	var worst finding.Severity
	for _, i := range j.findings[judged{path, id}] {
		if !j.lint.accepted(i) {
			worst = max(worst, j.lint.Verdict.Findings[i].Severity)
		}
	}
	return worst
}

// line is a finding in one line.
func (j *junit) line(i int) string {
	f := &j.lint.Verdict.Findings[i].Finding
	s := f.Severity.String() + ": " + f.Message + translated(f)
	if at := place(f.Location); at != "" {
		s += " (" + at + ")"
	}
	return escape.Cut(Escape(s), maxMessage)
}

// reason is the first line as the message, and all of them as the text.
func reason(title string, lines []string) *junitReason {
	message := title
	if message == "" && len(lines) > 0 {
		message = lines[0]
		if len(lines) > 1 {
			message += fmt.Sprintf(" (and %d more)", len(lines)-1)
		}
	}
	return &junitReason{Message: junitText(message), Text: junitText(strings.Join(few(lines), "\n"))}
}

// few bounds what one case lists: readers refuse a report that is too large.
func few(lines []string) []string {
	const most = 100
	if len(lines) <= most {
		return lines
	}
	return append(slices.Clip(lines[:most]), fmt.Sprintf("and %d more", len(lines)-most))
}

// junitText makes a string one that XML 1.0 can carry, line by line: it has no
// way to say most control characters.
func junitText(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = escape.Cut(Escape(line), maxMessage)
	}
	return strings.Join(lines, "\n")
}

func (s *junitSuite) count() {
	s.Tests = len(s.Cases)
	for i := range s.Cases {
		switch c := &s.Cases[i]; {
		case c.Error != nil:
			s.Errors++
		case c.Failure != nil:
			s.Failures++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
}
