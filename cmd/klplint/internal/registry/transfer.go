package registry

import (
	"bufio"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
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
// each entry, in the order in which they came to their state. So they stand in it where
// they are imported, and are judged in the same order.
func (t *Tx) Export(w io.Writer) error {
	b := bufio.NewWriter(w)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(transferHead{transferVersion, t.Revision}); err != nil {
		return Abort(err)
	}
	ids, err := t.listed(`SELECT module FROM standing ORDER BY revision, module`)
	if err != nil {
		return err
	}
	done := 0
	for part := range slices.Chunk(ids, page) {
		list, err := t.transfers(part)
		if err != nil {
			return err
		}
		for i := range list {
			t.Shown()
			if err := enc.Encode(&list[i]); err != nil {
				return Abort(err)
			}
		}
		done += len(part)
		if t.Progress != nil {
			t.Progress(done, len(ids))
		}
	}
	if err := b.Flush(); err != nil {
		return Abort(err)
	}
	return nil
}

// transfers are the lines for some modules, in the order of their ids as given. A
// document is passed on as it stands.
func (t *Tx) transfers(ids []int64) ([]transferEntry, error) {
	documents := make(map[int64]string, len(ids))
	err := t.each(func(rows *sql.Rows) error {
		var id int64
		var text string
		err := rows.Scan(&id, &text)
		documents[id] = text
		return err
	}, `SELECT module, text FROM document WHERE module IN `+tuple(1, len(ids)), anys(ids)...)
	if err != nil {
		return nil, err
	}
	lines := make(map[int64]transferEntry, len(ids))
	c := &conditions{}
	c.modules(ids)
	err = t.each(func(rows *sql.Rows) error {
		var x transferEntry
		var id int64
		var labels sql.RawBytes
		err := rows.Scan(&id, &x.Channel, &x.Owner, &x.State, &x.AddedBy, &x.AddedAt, &x.ChangedBy, &x.ChangedAt, &x.ReplacedBy, &labels)
		if err != nil {
			return err
		}
		if x.Labels, err = readLabels(labels); err != nil {
			return Abort(fmt.Errorf("module %d: labels: %w", id, err))
		}
		text, ok := documents[id]
		if !ok || !json.Valid([]byte(text)) {
			return Abort(fmt.Errorf("module %d: its document is damaged", id))
		}
		x.Document = json.RawMessage(text)
		lines[id] = x
		return nil
	}, `SELECT m.id, m.channel, m.owner, s.state, m.added_by, m.added_at, s.changed_by, s.changed_at, s.replaced_by, m.labels FROM module m JOIN standing s ON s.module = m.id`+c.where(), c.args...)
	out := make([]transferEntry, 0, len(ids))
	for _, id := range ids {
		if x, ok := lines[id]; ok {
			out = append(out, x)
		}
	}
	return out, err
}

// ExportReader reads what Export wrote, entry by entry.
type ExportReader struct {
	lines *bufio.Scanner
	n     int // of the last line
}

// NewExportReader begins to read. An error says that r is no exported registry, or one
// of another version.
func NewExportReader(r io.Reader) (*ExportReader, error) {
	const longest = 64 << 20 // of a line
	x := &ExportReader{lines: bufio.NewScanner(r)}
	x.lines.Buffer(nil, longest)
	var head transferHead
	line, err := x.next()
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case err != nil || json.Unmarshal(line, &head) != nil || head.Version == 0:
		return nil, errors.New("line 1: not an exported registry")
	case head.Version != transferVersion:
		return nil, fmt.Errorf("line 1: version %d of the exported form: this klplint knows version %d", head.Version, transferVersion)
	}
	if err := uniqueKeys(line); err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	return x, nil
}

func (x *ExportReader) next() ([]byte, error) {
	x.n++
	if x.lines.Scan() {
		return x.lines.Bytes(), nil
	}
	if err := x.lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", x.n, err)
	}
	return nil, io.EOF
}

// Read returns the entries that come next, at most n of them and of about 16 MiB; io.EOF
// where there are no more. Another error names the line; what stands before it is
// returned too.
func (x *ExportReader) Read(n int) ([]*Entry, error) {
	const most = 16 << 20
	var entries []*Entry
	for size := 0; len(entries) < n && size < most; {
		line, err := x.next()
		if err != nil {
			return entries, err
		}
		e, err := readTransfer(line)
		if err != nil {
			return entries, fmt.Errorf("line %d: %w", x.n, err)
		}
		entries, size = append(entries, e), size+len(line)
	}
	return entries, nil
}

func readTransfer(line []byte) (*Entry, error) {
	var x transferEntry
	if err := json.Unmarshal(line, &x); err != nil {
		return nil, err
	}
	if err := uniqueKeys(line); err != nil {
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
