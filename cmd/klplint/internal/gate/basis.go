package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/klplint/klplint/rules"
)

// Basis is what decides beside the bytes that are judged: two verdicts on one
// basis, over one state of the registry, are equal.
type Basis struct {
	Version string // of klplint
	Rules   []*rules.Rule
	// Inputs are the files that were read: configuration, waivers, known findings,
	// custom rules, manifests, kernels, modules to compare with.
	Inputs []Descriptor
	// Settings are the values of flags that matter, by name.
	Settings map[string]string
	// Expired is how many of the waivers no longer hold: a day later the same files
	// are another policy.
	Expired int
}

// RuleVersion is a rule that was part of the run. The digest is that of its
// documentation, which changes with what it judges.
type RuleVersion struct {
	ID     string `json:"id"`
	Since  string `json:"since"`
	Digest string `json:"sha256"`
}

func (b *Basis) ruleVersions() []RuleVersion {
	out := make([]RuleVersion, len(b.Rules))
	for i, r := range b.Rules {
		sum := sha256.Sum256([]byte(r.Analyzer.Doc))
		out[i] = RuleVersion{r.ID(), r.Since, hex.EncodeToString(sum[:])}
	}
	return out
}

// Digest is what --require-policy compares. It is the SHA-256 of the basis as
// JSON, with the names of files left out: where a file lies decides nothing.
func (b *Basis) Digest() string {
	inputs := make([]Descriptor, len(b.Inputs))
	for i, d := range b.Inputs {
		inputs[i] = Descriptor{Digest: d.Digest, Annotations: d.Annotations}
	}
	return digestOf(struct {
		Version  string            `json:"version"`
		Rules    []RuleVersion     `json:"rules"`
		Inputs   []Descriptor      `json:"inputs"`
		Settings map[string]string `json:"settings"`
		Expired  int               `json:"expiredWaivers,omitempty"`
	}{b.Version, b.ruleVersions(), inputs, b.Settings, b.Expired})
}

func digestOf(v any) string {
	text, _ := json.Marshal(v) // strings always marshal; keys are sorted
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
