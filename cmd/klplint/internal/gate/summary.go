package gate

import (
	"encoding/json"
	"maps"
	"slices"
)

// SummaryType is the predicate of a SLSA verification summary
// (slsa.dev/spec/v1.1/verification_summary).
const SummaryType = "https://slsa.dev/verification_summary/v1"

type summary struct {
	Type          string    `json:"_type"`
	Subject       []Subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     struct {
		Verifier struct {
			ID      string            `json:"id"`
			Version map[string]string `json:"version"`
		} `json:"verifier"`
		ResourceURI string `json:"resourceUri"`
		Policy      struct {
			URI    string            `json:"uri"`
			Digest map[string]string `json:"digest"`
		} `json:"policy"`
		InputAttestations []Descriptor `json:"inputAttestations"`
		Result            string       `json:"verificationResult"` // PASSED or FAILED
		Levels            []string     `json:"verifiedLevels"`
		SLSAVersion       string       `json:"slsaVersion"`
	} `json:"predicate"`
}

// Summary makes a verification summary of a statement: who judged what under
// which policy, and whether it passed. It has no time of verification, which
// the specification leaves open, so that equal verdicts give equal files.
func Summary(statement []byte) ([]byte, error) {
	s, err := ReadStatement(statement)
	if err != nil {
		return nil, err
	}
	var out summary
	out.Type, out.Subject, out.PredicateType = StatementType, s.Subject, SummaryType
	p, k := &out.Predicate, &s.Predicate.Klplint
	p.Verifier.ID = "https://github.com/klplint/klplint"
	p.Verifier.Version = map[string]string{"klplint": k.Version}
	p.ResourceURI = "klplint:registry:" + k.Registry.UUID
	if k.Registry.Channel != "" {
		p.ResourceURI += "#" + k.Registry.Channel
	}
	p.Policy.URI, p.Policy.Digest = "klplint:policy", map[string]string{"sha256": k.Policy}
	p.InputAttestations = []Descriptor{}
	p.Result, p.Levels, p.SLSAVersion = "PASSED", []string{}, "1.1"
	if s.Predicate.Result == "FAILED" {
		p.Result = "FAILED"
	} else {
		levels := map[string]bool{"KLPLINT_GATE_PASSED": true}
		if s.Predicate.Result == "WARNED" {
			levels["KLPLINT_GATE_WARNED"] = true
		}
		p.Levels = slices.Sorted(maps.Keys(levels))
	}
	text, err := json.MarshalIndent(&out, "", "  ")
	return append(text, '\n'), err
}
