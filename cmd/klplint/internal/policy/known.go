package policy

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klplint/klplint/cmd/klplint/internal/strictjson"
)

// MaxKnownSize bounds a file of known findings, in bytes.
const MaxKnownSize = 64 << 20

// Known are the findings that a team has accepted for now.
type Known struct {
	Findings []KnownFinding
	prints   map[string]bool
}

// KnownFinding is one of them. The fingerprint decides; the rest is for the
// people who read the file, and tells whether a run could have found it again.
type KnownFinding struct {
	Fingerprint string `json:"fingerprint"`
	Rule        string `json:"rule"`
	Module      string `json:"module"` // the module's own name
	Object      string `json:"object,omitempty"`
	Func        string `json:"func,omitempty"`
	Message     string `json:"message"`
}

// knownSchema is the version of the file. Version 1 masked every number in the
// fingerprints, so that one entry accepted findings about other modules.
const knownSchema = 2

// ErrKnownSchema is for a file of another version.
var ErrKnownSchema = errors.New("not a file of known findings of this version")

// knownFile is the file's form.
type knownFile struct {
	Schema   int            `json:"schema"`
	Findings []KnownFinding `json:"findings"`
}

// ParseKnown reads a file of known findings. Unknown keys are errors: they are
// misspelt or of a newer klplint.
func ParseKnown(data []byte) (*Known, error) {
	if len(data) > MaxKnownSize {
		return nil, fmt.Errorf("%d bytes, the limit is %d", len(data), MaxKnownSize)
	}
	var f knownFile
	if err := strictjson.Decode(data, &f); err != nil {
		return nil, err
	}
	if f.Schema != knownSchema {
		return nil, fmt.Errorf("schema %d, this klplint reads schema %d: %w", f.Schema, knownSchema, ErrKnownSchema)
	}
	k := &Known{Findings: f.Findings, prints: make(map[string]bool, len(f.Findings))}
	for i, known := range f.Findings {
		if known.Fingerprint == "" || known.Rule == "" || known.Module == "" {
			return nil, fmt.Errorf("finding %d: fingerprint, rule or module is missing", i+1)
		}
		k.prints[known.Fingerprint] = true
	}
	return k, nil
}

// WriteKnown writes the findings that a run accepted as known, and those of the
// file before that the run did not judge. The order is fixed and a finding
// stands on a line, so that a review shows what changed.
func WriteKnown(w io.Writer, findings []KnownFinding) error {
	list := slices.Clone(findings)
	slices.SortFunc(list, func(a, b KnownFinding) int {
		return cmp.Or(cmp.Compare(a.Module, b.Module), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Object, b.Object),
			cmp.Compare(a.Func, b.Func), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	list = slices.CompactFunc(list, func(a, b KnownFinding) bool { return a.Fingerprint == b.Fingerprint })
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"schema": %d, "findings": [`, knownSchema)
	for i := range list {
		line, err := json.Marshal(&list[i])
		if err != nil {
			return err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		b.Write(line)
	}
	b.WriteString("\n]}\n")
	_, err := w.Write(b.Bytes())
	return err
}

// KnownAfter lists what a file of known findings holds after a run with this
// verdict: what was accepted as known in it, and the entries of before that it
// did not judge.
func (p *Policy) KnownAfter(v *Verdict) []KnownFinding {
	names := make(map[string]string, len(v.Modules))
	for i := range v.Modules {
		names[v.Modules[i].Path] = v.Modules[i].Name
	}
	var list []KnownFinding
	settled := make(map[string]bool)
	for i := range v.Findings {
		f := &v.Findings[i]
		settled[f.Fingerprint] = true
		if f.Known {
			list = append(list, KnownFinding{f.Fingerprint, f.Rule, nameOf(names[f.Module], f.Module), f.Object, f.Func, f.Message})
		}
	}
	for i := range v.Fixed {
		settled[v.Fixed[i].Fingerprint] = true
	}
	if p.Known != nil {
		for _, k := range p.Known.Findings {
			if !settled[k.Fingerprint] {
				list = append(list, k)
			}
		}
	}
	return list
}

// fixed lists the known findings that are not among those seen, although the
// run judged their rule for their module.
func (p *Policy) fixed(run *run, seen map[string]bool) []KnownFinding {
	if p.Known == nil {
		return nil
	}
	var out []KnownFinding
	for _, k := range p.Known.Findings {
		if !seen[k.Fingerprint] && run.judged(k.Rule, func(name string) bool { return name == k.Module }) {
			out = append(out, k)
		}
	}
	return out
}
