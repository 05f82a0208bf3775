package registry

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Existing is what the registry has of the bytes that are to be added.
type Existing struct {
	State    State
	Revision int64
	id       int64
}

type address struct{ sha256, channel string }

func (e *Entry) address() address { return address{e.Module.SHA256, e.Channel} }

// Lookup finds those of the entries whose bytes are in their channel already,
// by their index.
func (t *Tx) Lookup(entries []*Entry) (map[int]Existing, error) {
	known := make(map[address]Existing)
	for part := range slices.Chunk(entries, 500) {
		args := make([]any, len(part))
		for i, e := range part {
			args[i] = e.Module.SHA256
		}
		err := t.each(func(rows *sql.Rows) error {
			var a address
			var x Existing
			if err := rows.Scan(&x.id, &a.sha256, &a.channel, &x.State, &x.Revision); err != nil {
				return err
			}
			known[a] = x
			return nil
		}, `SELECT id, sha256, channel, state, revision FROM module WHERE sha256 IN `+tuple(1, len(part)), args...)
		if err != nil {
			return nil, err
		}
	}
	found := make(map[int]Existing)
	for i, e := range entries {
		if x, ok := known[e.address()]; ok {
			found[i] = x
		}
	}
	return found, nil
}

// Add records entries in one batch. Bytes that are in their channel already are
// left as they are. It returns the number of new ones.
func (t *Tx) Add(entries []*Entry) (int, error) {
	found, err := t.Lookup(entries)
	if err != nil {
		return 0, err
	}
	seen := make(map[address]bool)
	var fresh []*Entry
	for i, e := range entries {
		if _, ok := found[i]; ok || seen[e.address()] {
			continue
		}
		if err := e.check(); err != nil {
			return 0, Abort(err)
		}
		seen[e.address()] = true
		fresh = append(fresh, e)
	}
	if len(fresh) == 0 {
		return 0, nil
	}
	kernels, err := t.kernels(fresh)
	if err != nil {
		return 0, err
	}
	modules := t.batch(`module (id, kernel, sha256, channel, owner, name, state, added_by, added_at, changed_by, changed_at, replaced_by, revision, labels, document)`, 15, 100)
	items := t.batch(`item (kernel, active, kind, value, object, position, module)`, 7, 500)
	labels := t.batch(`label (name, value, module)`, 3, 500)
	for _, e := range fresh {
		text, err := encode(e.Module)
		if err != nil {
			return 0, Abort(err)
		}
		list := itemsOf(e.Module)
		if len(list) > maxItems {
			return 0, Abort(fmt.Errorf("%s: %d funcs, states and sets are more than the registry takes of a module", e.Module.Path, len(list)))
		}
		m, kernel := e.Module, kernels[e.Kernel()]
		e.id = t.nextID
		t.nextID++
		e.Revision = t.Next()
		modules.add(e.id, kernel, m.SHA256, e.Channel, e.Owner, m.Name, string(e.State),
			e.AddedBy, e.AddedAt, cmp.Or(e.ChangedBy, e.AddedBy), cmp.Or(e.ChangedAt, e.AddedAt), e.ReplacedBy, e.Revision, labelText(e.Labels), text)
		for _, it := range list {
			items.add(kernel, active(e.State), it.kind, it.value, it.object, it.position, e.id)
		}
		for _, k := range sortedKeys(e.Labels) {
			labels.add(k, e.Labels[k], e.id)
		}
	}
	// In the order of the index a large batch fills its pages one by one.
	slices.SortStableFunc(items.rows, func(a, b []any) int {
		return cmp.Or(cmp.Compare(a[0].(int64), b[0].(int64)), cmp.Compare(a[2].(string), b[2].(string)), cmp.Compare(a[3].(string), b[3].(string)))
	})
	// Rows of other tables name modules, so the modules come first.
	for _, b := range []*batch{modules, items, labels} {
		if err := b.flush(); err != nil {
			return 0, err
		}
	}
	return len(fresh), nil
}

func active(s State) int64 {
	if s == Active {
		return 1
	}
	return 0
}

func labelText(labels map[string]string) string {
	if len(labels) == 0 {
		return "{}"
	}
	text, _ := json.Marshal(labels) // strings always marshal; keys are sorted
	return string(text)
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// kernels returns the ids of the kernels of entries, and makes new ones.
func (t *Tx) kernels(entries []*Entry) (map[Kernel]int64, error) {
	ids := make(map[Kernel]int64)
	for _, e := range entries {
		k := e.Kernel()
		if _, ok := ids[k]; ok {
			continue
		}
		id, ok, err := t.kernel(k)
		if err != nil {
			return nil, err
		}
		if !ok {
			id = t.nextID
			t.nextID++
			if err := t.exec(`INSERT INTO kernel (id, release, arch) VALUES ($1, $2, $3)`, id, k.Release, string(k.Arch)); err != nil {
				return nil, err
			}
		}
		ids[k] = id
	}
	return ids, nil
}

func (t *Tx) kernel(k Kernel) (id int64, found bool, err error) {
	err = t.each(func(rows *sql.Rows) error { found = true; return rows.Scan(&id) },
		`SELECT id FROM kernel WHERE release = $1 AND arch = $2`, k.Release, string(k.Arch))
	return id, found, err
}

// batch gathers rows and inserts many with one statement.
type batch struct {
	tx      *Tx
	into    string
	columns int
	size    int
	rows    [][]any
}

func (t *Tx) batch(into string, columns, size int) *batch {
	return &batch{tx: t, into: into, columns: columns, size: size}
}

func (b *batch) add(values ...any) { b.rows = append(b.rows, values) }

func (b *batch) flush() error {
	for part := range slices.Chunk(b.rows, b.size) {
		var text strings.Builder
		text.WriteString("INSERT INTO " + b.into + " VALUES ")
		args := make([]any, 0, len(part)*b.columns)
		for i, row := range part {
			if i > 0 {
				text.WriteByte(',')
			}
			if b.tx.unnumbered {
				text.WriteString("(" + strings.Repeat("?,", len(row)-1) + "?)")
			} else {
				text.WriteString(tuple(len(args)+1, len(row)))
			}
			args = append(args, row...)
		}
		if err := b.tx.exec(text.String(), args...); err != nil {
			return err
		}
	}
	return nil
}

// tuple is "($first,...)" of n parameters.
func tuple(first, n int) string {
	b := []byte{'('}
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '$')
		b = strconv.AppendInt(b, int64(first+i), 10)
	}
	return string(append(b, ')'))
}
