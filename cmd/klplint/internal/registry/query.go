package registry

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
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

// columns are what scanEntry reads.
const columns = `id, channel, owner, state, added_by, added_at, changed_by, changed_at, replaced_by, revision, labels, document`

func scanEntry(rows *sql.Rows) (*Entry, error) {
	var e Entry
	var labels, document sql.RawBytes
	if err := rows.Scan(&e.id, &e.Channel, &e.Owner, &e.State, &e.AddedBy, &e.AddedAt, &e.ChangedBy, &e.ChangedAt, &e.ReplacedBy, &e.Revision, &labels, &document); err != nil {
		return nil, err
	}
	if err := unmarshalLabels(string(labels), &e.Labels); err != nil {
		return nil, fmt.Errorf("module %d: labels: %w", e.id, err)
	}
	m, err := decode(document)
	if err != nil {
		return nil, fmt.Errorf("module %d: %w", e.id, err)
	}
	e.Module = m
	return &e, nil
}

func unmarshalLabels(text string, into *map[string]string) error {
	if text == "{}" {
		return nil
	}
	return json.Unmarshal([]byte(text), into)
}

// conditions gathers the parts of a WHERE clause and their arguments.
type conditions struct {
	base  int // parameters of the statement that come before these
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
		fmt.Fprintf(&b, "$%d", c.base+len(c.args))
	}
	c.parts = append(c.parts, b.String())
}

func (c *conditions) in(column string, values ...any) {
	c.parts = append(c.parts, column+" IN "+tuple(c.base+len(c.args)+1, len(values)))
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
	if f.Release != "" {
		c.add(`kernel IN (SELECT id FROM kernel WHERE release = ?)`, f.Release)
	}
	if f.Arch != "" {
		c.add(`kernel IN (SELECT id FROM kernel WHERE arch = ?)`, f.Arch)
	}
	if f.Name != "" {
		c.add(`name = ?`, f.Name)
	}
	if f.SHA256 != "" {
		// Hex digits stand in one order in every collation.
		c.add(`sha256 >= ? AND sha256 <= ?`, f.SHA256, f.SHA256+"g")
	}
	if len(f.Channels) > 0 {
		c.in(`channel`, words(f.Channels)...)
	}
	if f.Owner != "" {
		c.add(`owner = ?`, f.Owner)
	}
	if len(f.States) > 0 {
		c.in(`state`, words(f.States)...)
	}
	if f.Func != "" {
		// The leading columns of the index take few values: it is asked for each.
		c.add(`id IN (SELECT module FROM item WHERE kernel IN (SELECT id FROM kernel) AND active IN (0, 1) AND kind = 'func' AND value = ?`, short(f.Func))
		last := len(c.parts) - 1
		if f.Object != "" {
			c.add(` AND object = ?`, short(f.Object))
			c.parts[last] += c.parts[last+1]
			c.parts = c.parts[:last+1]
		}
		c.parts[last] += `)`
	} else if f.Object != "" {
		c.add(`id IN (SELECT module FROM item WHERE kind = 'func' AND object = ?)`, short(f.Object))
	}
	for _, k := range sortedKeys(f.Labels) {
		c.add(`id IN (SELECT module FROM label WHERE name = ? AND value = ?)`, k, f.Labels[k])
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
	return t.each(func(rows *sql.Rows) error {
		e, err := scanEntry(rows)
		if err != nil {
			return Abort(err)
		}
		return f(e)
	}, `SELECT `+columns+` FROM module`+c.where()+` ORDER BY id`, c.args...)
}

// All is List into a slice.
func (t *Tx) All(filter Filter) ([]*Entry, error) {
	var out []*Entry
	err := t.List(filter, func(e *Entry) error { out = append(out, e); return nil })
	return out, err
}
