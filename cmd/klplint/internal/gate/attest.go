package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/rules"
)

// The types of an attestation: an in-toto Statement v1 with the test-result
// predicate (github.com/in-toto/attestation). Fields beyond those of the
// predicate stand under "klplint"; a consumer that does not know them ignores
// them.
const (
	StatementType = "https://in-toto.io/Statement/v1"
	PredicateType = "https://in-toto.io/attestation/test-result/v0.1"
)

// Statement is an attestation. It has no times: equal verdicts give equal files.
type Statement struct {
	Type          string    `json:"_type"`
	Subject       []Subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     Predicate `json:"predicate"`
}

// Subject is one file that was judged.
type Subject struct {
	Name   string            `json:"name"` // the file's name, without its folder
	Digest map[string]string `json:"digest"`
}

// Predicate is the verdict.
type Predicate struct {
	Result        string       `json:"result"` // PASSED, WARNED or FAILED
	Configuration []Descriptor `json:"configuration"`
	Passed        []string     `json:"passedTests"`
	Warned        []string     `json:"warnedTests"`
	Failed        []string     `json:"failedTests"`
	Klplint       Details      `json:"klplint"`
}

// Descriptor names what the verdict rests on.
type Descriptor struct {
	Name        string            `json:"name"`
	Digest      map[string]string `json:"digest,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Details are what the predicate has no fields for.
type Details struct {
	Version      string            `json:"version"`
	Model        string            `json:"model,omitempty"` // as asked for
	Rules        []RuleVersion     `json:"rules"`
	NotEvaluated []string          `json:"notEvaluated"`
	Errors       []string          `json:"errors"`
	Registry     RegistryState     `json:"registry"`
	Modules      []AttestedModule  `json:"modules"`
	Findings     []AttestedFinding `json:"findings"`
}

// RuleVersion is a rule that was part of the run. The digest is that of its
// documentation, which changes with what it judges.
type RuleVersion struct {
	ID     string `json:"id"`
	Since  string `json:"since"`
	Digest string `json:"sha256"`
}

// RegistryState is the state of the registry that the verdict rests on.
type RegistryState struct {
	Place    string `json:"place"`
	Revision int64  `json:"revision"`
	Channel  string `json:"channel"`
	Compared int    `json:"compared"` // active modules that were compared
	Sampled  bool   `json:"sampled"`  // false: nothing is left out
}

// AttestedModule is what became of a subject.
type AttestedModule struct {
	Name     string `json:"name"` // the module's own name
	SHA256   string `json:"sha256"`
	Status   Status `json:"status"`
	Revision int64  `json:"revision,omitempty"` // that admitted it
}

// AttestedFinding is a finding in short.
type AttestedFinding struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	SHA256   string `json:"sha256,omitempty"` // of the module
	Message  string `json:"message"`
}

// Attest makes the statement of an outcome. chosen are the rules of the run,
// version is klplint's own.
func (c *Config) Attest(out *Outcome, chosen []*rules.Rule, version string) *Statement {
	s := &Statement{Type: StatementType, PredicateType: PredicateType, Subject: []Subject{}}
	digests := make(map[string]string) // by path
	for _, m := range out.Modules {
		digests[m.Path] = m.SHA256
	}
	for _, m := range out.Verdict.Modules {
		if m.SHA256 != "" {
			digests[m.Path] = m.SHA256
			s.Subject = append(s.Subject, Subject{filepath.Base(m.Path), map[string]string{"sha256": m.SHA256}})
		}
	}
	p := &s.Predicate
	p.Passed, p.Warned, p.Failed = []string{}, []string{}, []string{}
	k := &p.Klplint
	*k = Details{
		Version: version, Model: c.Lint.Set.Model, Rules: []RuleVersion{}, NotEvaluated: []string{}, Errors: []string{},
		Modules: []AttestedModule{}, Findings: []AttestedFinding{},
		Registry: RegistryState{Place: c.Registry.Name(), Revision: out.Revision, Channel: c.Channel, Compared: out.Compared},
	}
	worst := make(map[string]finding.Severity)
	for i := range out.Verdict.Findings {
		f := &out.Verdict.Findings[i]
		worst[f.Rule] = max(worst[f.Rule], f.Severity)
		k.Findings = append(k.Findings, AttestedFinding{f.Rule, f.Severity.String(), digests[f.Module], f.Message})
	}
	missing := make(map[string]bool)
	for _, n := range out.Verdict.NotEvaluated {
		missing[n.Rule] = true
		k.NotEvaluated = append(k.NotEvaluated, n.Rule+": needs "+n.Needs)
	}
	k.NotEvaluated = slices.Compact(k.NotEvaluated)
	for _, e := range out.Verdict.Errors {
		k.Errors = append(k.Errors, filepath.Base(e.Path)+": "+e.Message)
	}
	all := sha256.New()
	for _, r := range chosen {
		sum := sha256.Sum256([]byte(r.Analyzer.Doc))
		k.Rules = append(k.Rules, RuleVersion{r.ID(), r.Since, hex.EncodeToString(sum[:])})
		fmt.Fprintf(all, "%s %s %x\n", r.ID(), r.Since, sum)
		switch severity, found := worst[r.ID()]; {
		case severity == finding.Error:
			p.Failed = append(p.Failed, r.ID())
		case found:
			p.Warned = append(p.Warned, r.ID())
		case !missing[r.ID()]:
			p.Passed = append(p.Passed, r.ID())
		}
	}
	for _, m := range out.Modules {
		k.Modules = append(k.Modules, AttestedModule{m.Name, m.SHA256, m.Status, m.Revision})
	}
	p.Configuration = []Descriptor{{
		Name: "klplint rules", Digest: map[string]string{"sha256": hex.EncodeToString(all.Sum(nil))}, Annotations: map[string]string{"klplint": version},
	}}
	switch {
	case !out.Pass:
		p.Result = "FAILED"
	case len(p.Failed)+len(p.Warned) > 0:
		p.Result = "WARNED"
	default:
		p.Result = "PASSED"
	}
	return s
}

// Write writes the statement as indented JSON.
func (s *Statement) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(s)
}

// ReadStatement reads an attestation that Attest made. An error says why it is none.
func ReadStatement(r io.Reader) (*Statement, error) {
	var s Statement
	if err := json.NewDecoder(io.LimitReader(r, 256<<20)).Decode(&s); err != nil {
		return nil, fmt.Errorf("not an attestation: %w", err)
	}
	switch {
	case s.Type != StatementType:
		return nil, fmt.Errorf("not an in-toto statement of version 1: _type is %q", s.Type)
	case s.PredicateType != PredicateType:
		return nil, fmt.Errorf("predicateType is %q: want %s", s.PredicateType, PredicateType)
	}
	return &s, nil
}

// Permits says why a file with this digest may not be signed on the strength of
// the statement; "" when it may. The statement itself must come by a way that
// is trusted: it is not signed.
func (s *Statement) Permits(digest string) string {
	judged := slices.ContainsFunc(s.Subject, func(x Subject) bool { return x.Digest["sha256"] == digest })
	if !judged {
		return "these bytes were not judged"
	}
	if r := s.Predicate.Result; r != "PASSED" && r != "WARNED" {
		return "the verdict is " + r
	}
	for _, m := range s.Predicate.Klplint.Modules {
		if m.SHA256 == digest {
			if m.Status == Admitted || m.Status == Already {
				return ""
			}
			return "the module was not admitted: " + string(m.Status)
		}
	}
	return "the attestation does not say that the module was admitted"
}
