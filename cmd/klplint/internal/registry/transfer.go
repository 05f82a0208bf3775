package registry

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// transferVersion is the version of the exported form.
const transferVersion = 1

type transferHead struct {
	Version  int   `json:"klplint_registry"`
	Revision int64 `json:"revision"`
}

// transferEntry is a line of the exported form. Digest, name and kernel are
// those of the document.
type transferEntry struct {
	Channel    string            `json:"channel,omitempty"`
	Owner      string            `json:"owner,omitempty"`
	State      State             `json:"state"`
	Labels     map[string]string `json:"labels,omitempty"`
	AddedBy    string            `json:"added_by,omitempty"`
	AddedAt    string            `json:"added_at,omitempty"`
	ChangedBy  string            `json:"changed_by,omitempty"`
	ChangedAt  string            `json:"changed_at,omitempty"`
	ReplacedBy string            `json:"replaced_by,omitempty"`
	Document   json.RawMessage   `json:"document"`
}

// Export writes all entries: a line of JSON that says what this is, and one for
// each entry, in the order in which they were added.
func (t *Tx) Export(w io.Writer) error {
	b := bufio.NewWriter(w)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(transferHead{transferVersion, t.Revision}); err != nil {
		return Abort(err)
	}
	err := t.List(Filter{}, func(e *Entry) error {
		text, err := encode(e.Module)
		if err == nil {
			err = enc.Encode(transferEntry{e.Channel, e.Owner, e.State, e.Labels, e.AddedBy, e.AddedAt, e.ChangedBy, e.ChangedAt, e.ReplacedBy, json.RawMessage(text)})
		}
		if err != nil {
			return Abort(err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return Abort(err)
	}
	return nil
}

// ReadExport reads what Export wrote. Errors name the line.
func ReadExport(r io.Reader) ([]*Entry, error) {
	const longest = 64 << 20 // of a line
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longest)
	var entries []*Entry
	n := 0
	for lines.Scan() {
		n++
		if n == 1 {
			var head transferHead
			if err := json.Unmarshal(lines.Bytes(), &head); err != nil || head.Version == 0 {
				return nil, errors.New("line 1: not an exported registry")
			}
			if head.Version != transferVersion {
				return nil, fmt.Errorf("line 1: version %d of the exported form: this klplint knows version %d", head.Version, transferVersion)
			}
			continue
		}
		e, err := readTransfer(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		entries = append(entries, e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", n+1, err)
	}
	if n == 0 {
		return nil, errors.New("line 1: not an exported registry")
	}
	return entries, nil
}

func readTransfer(line []byte) (*Entry, error) {
	var x transferEntry
	if err := json.Unmarshal(line, &x); err != nil {
		return nil, err
	}
	m, err := decode(x.Document)
	if err != nil {
		return nil, err
	}
	e := &Entry{
		Module: m, Channel: x.Channel, Owner: x.Owner, State: x.State, Labels: x.Labels, AddedBy: x.AddedBy, AddedAt: x.AddedAt,
		ChangedBy: x.ChangedBy, ChangedAt: x.ChangedAt, ReplacedBy: x.ReplacedBy,
	}
	switch x.State {
	case Candidate, Active, Retired:
	default:
		return nil, fmt.Errorf("state %q: want candidate, active or retired", x.State)
	}
	return e, e.check()
}
