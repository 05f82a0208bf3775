package registry

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/klplint/klplint/klp"
)

// Filter chooses entries; an empty field chooses all.
type Filter struct {
	Release, Arch string
	Name          string // the module's own name
	SHA256        string // the start of the digest, in lower-case hex
	Channels      []string
	Owner         string
	States        []State
	Func, Object  string // entries that patch this func of this object
	Labels        map[string]string
}

// columns are what scanEntry reads, before a document or a compact form.
const columns = `m.id, m.channel, m.owner, m.state, m.added_by, m.added_at, m.changed_by, m.changed_at, m.replaced_by, m.revision, m.admitted, m.labels, m.document_sha256`

const withDocument = `SELECT ` + columns + `, d.text FROM module m JOIN document d ON d.module = m.id`

// scanEntry reads an entry and what its module is rebuilt from.
func scanEntry(rows *sql.Rows, rebuild func([]byte) (*klp.Module, error)) (*Entry, error) {
	var e Entry
	var labels, module sql.RawBytes
	if err := rows.Scan(&e.id, &e.Channel, &e.Owner, &e.State, &e.AddedBy, &e.AddedAt, &e.ChangedBy, &e.ChangedAt, &e.ReplacedBy, &e.Revision, &e.Admitted, &labels, &e.document, &module); err != nil {
		return nil, err
	}
	var err error
	if string(labels) != "{}" {
		if err = json.Unmarshal(labels, &e.Labels); err != nil {
			return nil, Abort(fmt.Errorf("module %d: labels: %w", e.id, err))
		}
	}
	if e.Module, err = rebuild(module); err != nil {
		return nil, Abort(fmt.Errorf("module %d: %w", e.id, err))
	}
	return &e, nil
}

// conditions gathers the parts of a WHERE clause and their arguments.
type conditions struct {
	parts []string
	args  []any
}

// add appends a part in which each ? stands for the next argument.
func (c *conditions) add(part string, args ...any) {
	var b strings.Builder
	for _, r := range part {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		c.args = append(c.args, args[0])
		args = args[1:]
		fmt.Fprintf(&b, "$%d", len(c.args))
	}
	c.parts = append(c.parts, b.String())
}

func (c *conditions) in(column string, values ...any) {
	c.parts = append(c.parts, column+" IN "+tuple(len(c.args)+1, len(values)))
	c.args = append(c.args, values...)
}

func (c *conditions) where() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

func (f *Filter) conditions() *conditions {
	c := &conditions{}
	kernels := ""
	if f.Release != "" {
		c.add(`m.kernel IN (SELECT id FROM kernel WHERE release = ?)`, escape(f.Release))
		kernels = ` AND kernel IN (SELECT id FROM kernel WHERE release = ?)`
	}
	if f.Arch != "" {
		c.add(`m.kernel IN (SELECT id FROM kernel WHERE arch = ?)`, f.Arch)
	}
	if f.Name != "" {
		c.add(`m.name = ?`, escape(f.Name))
	}
	if f.SHA256 != "" {
		// Hex digits stand in one order in every collation.
		c.add(`m.sha256 >= ? AND m.sha256 <= ?`, f.SHA256, f.SHA256+"g")
	}
	if len(f.Channels) > 0 {
		c.in(`m.channel`, words(f.Channels)...)
	}
	if f.Owner != "" {
		c.add(`m.owner = ?`, f.Owner)
	}
	if len(f.States) > 0 {
		c.in(`m.state`, words(f.States)...)
	}
	switch {
	case f.Func != "" && f.Object != "":
		c.add(`m.id IN (SELECT module FROM func WHERE name = ? AND object = ?)`, short(escape(f.Func)), short(escape(f.Object)))
	case f.Func != "":
		c.add(`m.id IN (SELECT module FROM func WHERE name = ?)`, short(escape(f.Func)))
	case f.Object != "" && kernels != "":
		c.add(`m.id IN (SELECT module FROM object WHERE name = ?`+kernels+`)`, short(escape(f.Object)), escape(f.Release))
	case f.Object != "":
		c.add(`m.id IN (SELECT module FROM object WHERE name = ?)`, short(escape(f.Object)))
	}
	for _, k := range sortedKeys(f.Labels) {
		c.add(`m.id IN (SELECT module FROM label WHERE name = ? AND value = ?)`, k, f.Labels[k])
	}
	return c
}

func words[T ~string](list []T) []any {
	out := make([]any, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// List calls f for each entry that the filter chooses, in the order in which
// they were added.
func (t *Tx) List(filter Filter, f func(*Entry) error) error {
	c := filter.conditions()
	return t.entries(f, withDocument+c.where()+` ORDER BY m.id`, c.args...)
}

func (t *Tx) entries(f func(*Entry) error, query string, args ...any) error {
	return t.each(func(rows *sql.Rows) error {
		e, err := scanEntry(rows, decode)
		if err != nil {
			return err
		}
		return f(e)
	}, query, args...)
}

// load reads entries by id.
func (t *Tx) load(ids []int64) ([]*Entry, error) {
	var out []*Entry
	for part := range slices.Chunk(ids, 500) {
		err := t.entries(func(e *Entry) error { out = append(out, e); return nil }, withDocument+` WHERE m.id IN `+tuple(1, len(part))+` ORDER BY m.id`, anys(part)...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Again reads the entries of peers, in the order in which they were added. Their
// modules have what is compared, see compact.
func (t *Tx) Again(peers []Peer) ([]*Entry, error) {
	ids := make([]int64, len(peers))
	for i := range peers {
		ids[i] = peers[i].id
	}
	var out []*Entry
	for part := range slices.Chunk(ids, 500) {
		err := t.each(func(rows *sql.Rows) error {
			e, err := scanEntry(rows, expand)
			out = append(out, e)
			return err
		}, `SELECT `+columns+`, m.compact FROM module m WHERE m.id IN `+tuple(1, len(part))+` ORDER BY m.id`, anys(part)...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// All is List into a slice.
func (t *Tx) All(filter Filter) ([]*Entry, error) {
	var out []*Entry
	err := t.List(filter, func(e *Entry) error { out = append(out, e); return nil })
	return out, err
}
