package registry

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/klplint/klplint/moduleset"
)

// Existing is what the registry has of a module that is to be added.
type Existing struct {
	State    State
	SHA256   string // of the file that was recorded: signed and not it is one module
	Revision int64
	Admitted int64 // see Entry
	id       int64
}

type address struct{ sha256, channel string }

// unsigned is where a module is found, signed or not.
func (e *Entry) unsigned() address {
	return address{cmp.Or(e.Module.UnsignedSHA256, e.Module.SHA256), e.Channel}
}

// Lookup finds those of the entries that are in their channel already, by their
// index.
func (t *Tx) Lookup(entries []*Entry) (map[int]Existing, error) {
	type recorded struct {
		at address
		Existing
	}
	all := make(map[int64]*recorded)
	for part := range slices.Chunk(entries, 500) {
		args := make([]any, len(part))
		for i, e := range part {
			args[i] = e.unsigned().sha256
		}
		err := t.each(func(rows *sql.Rows) error {
			var x recorded
			err := rows.Scan(&x.id, &x.at.sha256, &x.SHA256, &x.at.channel)
			all[x.id] = &x
			return err
		}, `SELECT id, unsigned_sha256, sha256, channel FROM module WHERE unsigned_sha256 IN `+tuple(1, len(part)), args...)
		if err != nil {
			return nil, err
		}
	}
	ids := slices.Sorted(maps.Keys(all))
	for part := range slices.Chunk(ids, page) {
		err := t.each(func(rows *sql.Rows) error {
			var id int64
			var x Existing
			if err := rows.Scan(&id, &x.State, &x.Revision, &x.Admitted); err != nil {
				return err
			}
			of := all[id]
			of.State, of.Revision, of.Admitted = x.State, x.Revision, x.Admitted
			return nil
		}, `SELECT module, state, revision, admitted FROM standing WHERE module IN `+tuple(1, len(part)), anys(part)...)
		if err != nil {
			return nil, err
		}
	}
	known := make(map[address][]Existing)
	for _, id := range ids {
		known[all[id].at] = append(known[all[id].at], all[id].Existing)
	}
	found := make(map[int]Existing)
	for i, e := range entries {
		// The same bytes before others, and what is active before what is not.
		rank := func(x Existing) int {
			n := 0
			if x.State == Active {
				n += 2
			}
			if x.SHA256 == e.Module.SHA256 {
				n++
			}
			return n
		}
		for _, x := range known[e.unsigned()] {
			if best, ok := found[i]; !ok || rank(x) > rank(best) {
				found[i] = x
			}
		}
	}
	return found, nil
}

// Add records entries in one batch. What is in its channel already is left as
// it is, signed or not. It returns the number of new ones. action is what the
// log says of it.
func (t *Tx) Add(entries []*Entry, action Action) (int, error) {
	found, err := t.Lookup(entries)
	if err != nil {
		return 0, err
	}
	seen := make(map[address]bool)
	var fresh []*Entry
	for i, e := range entries {
		if _, ok := found[i]; ok || seen[e.unsigned()] {
			continue
		}
		seen[e.unsigned()] = true
		e.id, e.Revision, e.Admitted = 0, t.Next(), 0
		if action == Admitted {
			e.Admitted = t.Next()
		}
		fresh = append(fresh, e)
	}
	if err := t.insert(fresh); err != nil {
		return 0, err
	}
	return len(fresh), t.log(events(fresh, action, Change{})...)
}

// Renew puts an entry in the place of what Lookup found: the file, its document,
// owner, labels and state are the new ones, and who added it at first stays.
func (t *Tx) Renew(x Existing, e *Entry, action Action) error {
	old, err := t.load([]int64{x.id})
	if err != nil {
		return err
	}
	if err := t.delete([]int64{x.id}); err != nil {
		return err
	}
	e.id, e.Revision, e.Admitted = x.id, t.Next(), 0
	if action == Admitted {
		e.Admitted = t.Next()
	}
	e.ChangedBy, e.ChangedAt = e.AddedBy, e.AddedAt
	for _, o := range old {
		e.AddedBy, e.AddedAt = o.AddedBy, o.AddedAt
		if err := t.replacedBy(e, o); err != nil {
			return err
		}
	}
	if err := t.insert([]*Entry{e}); err != nil {
		return err
	}
	return t.log(events([]*Entry{e}, action, Change{By: e.ChangedBy, At: e.ChangedAt})...)
}

// insert writes the rows of entries that are in no channel yet. Those without
// an id get one.
func (t *Tx) insert(fresh []*Entry) error {
	for _, e := range fresh {
		if err := e.check(); err != nil {
			return Abort(err)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	kernels, err := t.kernels(fresh)
	if err != nil {
		return err
	}
	modules := t.batch(`module (id, kernel, sha256, unsigned_sha256, channel, owner, name, stem, added_by, added_at, labels, compact, document_sha256)`, 100)
	standings := t.batch(`standing (module, kernel, owner, stem, state, changed_by, changed_at, replaced_by, revision, admitted, digest)`, 100)
	documents := t.batch(`document (module, text)`, 100)
	funcs := t.batch(`func (name, object, module)`, 500)
	objects := t.batch(`object (name, kernel, module)`, 500)
	labels := t.batch(`label (name, value, module)`, 500)
	for _, e := range fresh {
		m := e.Module
		m.UnsignedSHA256 = cmp.Or(m.UnsignedSHA256, m.SHA256)
		text, err := encode(m)
		if err != nil {
			return Abort(err)
		}
		list := funcsOf(m)
		if len(list) > maxItems {
			return Abort(fmt.Errorf("%s: %d funcs are more than the registry takes of a module", m.Path, len(list)))
		}
		kernel := kernels[e.Kernel()]
		if e.id == 0 {
			e.id = t.nextID
			t.nextID++
		}
		e.document = textDigest(text)
		e.ChangedBy, e.ChangedAt = cmp.Or(e.ChangedBy, e.AddedBy), cmp.Or(e.ChangedAt, e.AddedAt)
		modules.add(e.id, kernel, m.SHA256, m.UnsignedSHA256, e.Channel, e.Owner, escape(m.Name), e.stem(),
			e.AddedBy, e.AddedAt, labelText(e.Labels), compact(m), e.document)
		standings.add(e.id, kernel, e.Owner, e.stem(), string(e.State), e.ChangedBy, e.ChangedAt, e.ReplacedBy, e.Revision, e.Admitted, e.digest())
		documents.add(e.id, text)
		for _, it := range list {
			funcs.add(it.name, it.object, e.id)
		}
		for _, name := range objectsOf(list) {
			objects.add(name, kernel, e.id)
		}
		for _, k := range sortedKeys(e.Labels) {
			labels.add(k, e.Labels[k], e.id)
		}
	}
	// In the order of the index a large batch fills its pages one by one.
	slices.SortStableFunc(funcs.rows, func(a, b []any) int {
		return cmp.Or(cmp.Compare(a[0].(string), b[0].(string)), cmp.Compare(a[1].(string), b[1].(string)))
	})
	// Rows of other tables name modules, so the modules come first.
	for _, b := range []*batch{modules, standings, documents, funcs, objects, labels} {
		if err := b.flush(); err != nil {
			return err
		}
	}
	return nil
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
func (t *Tx) kernels(entries []*Entry) (map[moduleset.Kernel]int64, error) {
	ids := make(map[moduleset.Kernel]int64)
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
			if err := t.exec(`INSERT INTO kernel (id, release, arch, flags) VALUES ($1, $2, $3, $4)`, id, escape(k.Release), string(k.Arch), escape(k.Flags)); err != nil {
				return nil, err
			}
		}
		ids[k] = id
	}
	return ids, nil
}

func (t *Tx) kernel(k moduleset.Kernel) (id int64, found bool, err error) {
	err = t.each(func(rows *sql.Rows) error { found = true; return rows.Scan(&id) },
		`SELECT id FROM kernel WHERE release = $1 AND arch = $2 AND flags = $3`, escape(k.Release), string(k.Arch), escape(k.Flags))
	return id, found, err
}
