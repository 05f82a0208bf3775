package gate

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
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
	Name        string            `json:"name,omitempty"`
	Digest      map[string]string `json:"digest,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Details are what the predicate has no fields for.
type Details struct {
	Version      string            `json:"version"`
	Model        string            `json:"model,omitempty"` // as asked for
	Policy       string            `json:"policy"`          // digest, see Basis
	Settings     map[string]string `json:"settings"`
	Expired      int               `json:"expiredWaivers,omitempty"` // see Basis
	Rules        []RuleVersion     `json:"rules"`
	NotEvaluated []string          `json:"notEvaluated"`
	Errors       []string          `json:"errors"`
	Registry     RegistryState     `json:"registry"`
	Modules      []AttestedModule  `json:"modules"`
	Findings     []AttestedFinding `json:"findings"`
}

// RegistryState is the state of the registry that the verdict rests on.
type RegistryState struct {
	Place    string   `json:"place"`
	UUID     string   `json:"uuid"`
	Revision int64    `json:"revision"`
	Channel  string   `json:"channel"`
	Channels []string `json:"channels"` // that were compared with; none for all
	Compared int      `json:"compared"` // active modules that were compared
	Sampled  bool     `json:"sampled"`  // false: nothing is left out
}

// AttestedModule is what became of a subject.
type AttestedModule struct {
	Name     string   `json:"name"` // the module's own name
	SHA256   string   `json:"sha256"`
	Unsigned string   `json:"unsignedSha256"` // of the unpacked file without its signature
	Release  string   `json:"kernelRelease"`
	Arch     string   `json:"arch"`
	Flags    []string `json:"vermagicFlags"`
	Status   Status   `json:"status"`
	Revision int64    `json:"revision,omitempty"` // that admitted it
	Warning  string   `json:"warning,omitempty"`
}

// AttestedFinding is a finding in short.
type AttestedFinding struct {
	Rule        string `json:"rule"`
	Severity    string `json:"severity"`
	SHA256      string `json:"sha256,omitempty"` // of the module
	Message     string `json:"message"`
	Fingerprint string `json:"fingerprint"`
	Accepted    string `json:"accepted,omitempty"` // "waived" or "known"
}

// statement makes the statement of an outcome. uncompared: there was no other module
// for the rules over sets.
func (g *gate) statement(tx *registry.Tx, out *Outcome, uncompared bool) ([]byte, error) {
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
	k := &s.Predicate.Klplint
	*k = Details{
		Version: g.Basis.Version, Model: g.Lint.Set.Model, Policy: g.Basis.Digest(), Settings: g.Basis.Settings, Expired: g.Basis.Expired, Rules: g.Basis.ruleVersions(),
		NotEvaluated: []string{}, Errors: []string{}, Modules: []AttestedModule{}, Findings: make([]AttestedFinding, 0, len(out.Verdict.Findings)),
		Registry: RegistryState{
			Place: g.Registry.Name(), UUID: tx.UUID, Revision: out.Revision, Channel: g.Channel, Channels: append([]string{}, g.channels()...), Compared: out.Compared,
		},
	}
	for i := range out.Verdict.Findings {
		f := &out.Verdict.Findings[i]
		a := AttestedFinding{f.Rule, f.Severity.String(), digests[f.Module], f.Message, f.Fingerprint, ""}
		switch {
		case f.Waiver != nil:
			a.Accepted = "waived"
		case f.Known:
			a.Accepted = "known"
		}
		k.Findings = append(k.Findings, a)
	}
	for _, e := range out.Verdict.Errors {
		k.Errors = append(k.Errors, filepath.Base(e.Path)+": "+e.Message)
	}
	for _, m := range out.Modules {
		v := &m.Module.Vermagic
		k.Modules = append(k.Modules, AttestedModule{
			m.Name, m.SHA256, m.Module.UnsignedSHA256, v.Release, string(m.Module.Arch), append([]string{}, v.Flags...), m.Status, m.Revision, m.Withdrawn,
		})
	}
	warned := s.Predicate.tests(&g.Basis, g.Policy.FailOn, out.Verdict, uncompared)
	s.Predicate.Configuration = append([]Descriptor{{
		Name: "klplint rules", Digest: map[string]string{"sha256": digestOf(k.Rules)}, Annotations: map[string]string{"klplint": g.Basis.Version},
	}}, g.Basis.Inputs...)
	switch {
	case !out.Pass:
		s.Predicate.Result = "FAILED"
	case warned || slices.ContainsFunc(k.Modules, func(m AttestedModule) bool { return m.Warning != "" }):
		s.Predicate.Result = "WARNED"
	default:
		s.Predicate.Result = "PASSED"
	}
	return s.encode()
}

// tests sorts the rules by what came of them: those with a finding that fails
// the run, those with any other, and of the rest those that ran over what they
// need. It reports whether any of them warned or failed.
func (p *Predicate) tests(b *Basis, failOn finding.Severity, v *policy.Verdict, uncompared bool) bool {
	p.Passed, p.Warned, p.Failed = []string{}, []string{}, []string{}
	failed, warned := make(map[string]bool), make(map[string]bool)
	for i := range v.Findings {
		f := &v.Findings[i]
		if failOn != 0 && f.Severity >= failOn && !f.Accepted() {
			failed[f.Rule] = true
		} else {
			warned[f.Rule] = true
		}
	}
	reasons := make(map[string]string)
	for _, n := range v.NotEvaluated {
		reasons[n.Rule] = "needs " + n.Needs
	}
	for _, e := range v.Errors {
		if e.Rule != "" {
			reasons[e.Rule] = e.Message
		}
	}
	nothing := v.Summary.Modules == 0
	for _, r := range b.Rules {
		id := r.ID()
		overSets := slices.Contains(r.Analyzer.Requires, rules.SetInput)
		switch {
		case reasons[id] != "":
		case nothing:
			reasons[id] = "needs a livepatch that can be read"
		case overSets && uncompared:
			reasons[id] = "needs another module for the same kernel"
		}
		switch {
		case failed[id]:
			p.Failed = append(p.Failed, id)
		case warned[id]:
			p.Warned = append(p.Warned, id)
		case reasons[id] == "":
			p.Passed = append(p.Passed, id)
		}
	}
	for id, reason := range reasons {
		p.Klplint.NotEvaluated = append(p.Klplint.NotEvaluated, id+": "+reason)
	}
	slices.Sort(p.Klplint.NotEvaluated)
	return len(failed)+len(warned) > 0
}

// maxStatement bounds what ReadStatement reads.
const maxStatement = 16 << 20

// ReadStatement reads a statement that a gate wrote. An error says why it is
// none: a key that is not known, or spelt differently, or duplicate, and
// whatever follows the end.
func ReadStatement(text []byte) (*Statement, error) {
	var s Statement
	if err := strictDecode(text, &s); err != nil {
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

// ReadFile reads an attestation's file, as far as it may be one.
func ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxStatement+1))
	if err == nil && len(text) > maxStatement {
		err = fmt.Errorf("%s: more than %d bytes", path, maxStatement)
	}
	return text, err
}

// Module is what finds the module in a registry.
func (m *AttestedModule) Module() *klp.Module {
	return &klp.Module{SHA256: m.SHA256, UnsignedSHA256: m.Unsigned}
}

// Permits says why a file with this digest may not be signed on the strength of
// the statement; "" when it may. Whether the statement is to be trusted is
// another question, see Open.
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

// Reads says in which of the files that are read for the flags the statement differs;
// "" for none. digests are those of what is given now, by flag.
func (s *Statement) Reads(digests map[string][]string) string {
	var out []string
	for flag, want := range digests {
		have := []string{}
		for i := range s.Predicate.Configuration {
			if d := &s.Predicate.Configuration[i]; d.Annotations["flag"] == flag {
				have = append(have, d.Digest["sha256"])
			}
		}
		slices.Sort(have)
		if !slices.Equal(have, slices.Sorted(slices.Values(want))) {
			out = append(out, fmt.Sprintf("--%s was not what it is now", flag))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

// Differs says in which of the settings, given by flag, the statement differs;
// "" for none.
func (s *Statement) Differs(settings map[string]string) string {
	var out []string
	for name, want := range settings {
		if have := s.Predicate.Klplint.Settings[name]; have != want {
			out = append(out, fmt.Sprintf("--%s was %q, not %q", name, have, want))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}
