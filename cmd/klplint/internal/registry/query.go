package registry

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

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

// columns are what scanEntry reads.
const columns = `m.id, m.channel, m.owner, s.state, m.added_by, m.added_at, s.changed_by, s.changed_at, s.replaced_by, s.revision, s.admitted, m.labels, m.document_sha256`

const entryRows = `SELECT ` + columns + `, m.compact FROM module m JOIN standing s ON s.module = m.id`

// scanEntry reads an entry; its module has what is compared, see compact.
func scanEntry(rows *sql.Rows) (*Entry, error) {
	var e Entry
	var labels, module sql.RawBytes
	if err := rows.Scan(&e.id, &e.Channel, &e.Owner, &e.State, &e.AddedBy, &e.AddedAt, &e.ChangedBy, &e.ChangedAt, &e.ReplacedBy, &e.Revision, &e.Admitted, &labels, &e.document, &module); err != nil {
		return nil, err
	}
	var err error
	if e.Labels, err = readLabels(labels); err != nil {
		return nil, Abort(fmt.Errorf("module %d: labels: %w", e.id, err))
	}
	if e.Module, err = expand(module); err != nil {
		return nil, Abort(fmt.Errorf("module %d: %w", e.id, err))
	}
	return &e, nil
}

// recordRows are for scanRecord.
const recordRows = `SELECT ` + columns + `, m.sha256, m.unsigned_sha256, m.name, k.release, k.arch, k.flags FROM module m JOIN standing s ON s.module = m.id JOIN kernel k ON k.id = m.kernel`

// scanRecord reads an entry whose module has what the entry's row says of it, and no more.
func scanRecord(rows *sql.Rows) (*Entry, error) {
	e := Entry{Module: &klp.Module{Kind: klp.KindLivepatch}}
	m := e.Module
	var labels sql.RawBytes
	var flags string
	err := rows.Scan(&e.id, &e.Channel, &e.Owner, &e.State, &e.AddedBy, &e.AddedAt, &e.ChangedBy, &e.ChangedAt, &e.ReplacedBy, &e.Revision, &e.Admitted, &labels, &e.document,
		&m.SHA256, &m.UnsignedSHA256, &m.Name, &m.Vermagic.Release, &m.Arch, &flags)
	if err != nil {
		return nil, err
	}
	m.Name, m.Vermagic.Release = unescape(m.Name), unescape(m.Vermagic.Release)
	if flags != "" {
		m.Vermagic.Flags = strings.Split(unescape(flags), " ")
	}
	if e.Labels, err = readLabels(labels); err != nil {
		return nil, Abort(fmt.Errorf("module %d: labels: %w", e.id, err))
	}
	return &e, nil
}

func readLabels(text []byte) (labels map[string]string, err error) {
	if string(text) != "{}" {
		err = json.Unmarshal(text, &labels)
	}
	return labels, err
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

// modules chooses by id. Both tables are asked, so that each is walked along its own
// index whatever the statistics say.
func (c *conditions) modules(ids []int64) {
	list := numbers(ids)
	c.parts = append(c.parts, `m.id IN `+list, `s.module IN `+list)
}

// numbers are the ids as the statement itself has them: parameters by the hundred cost
// SQLite more than what is asked for.
func numbers(ids []int64) string {
	b := []byte{'('}
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	return string(append(b, ')'))
}

func (c *conditions) where() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

// conditions are those on the columns of a module's own row; kernels are those that
// the filter names.
func (f *Filter) conditions(kernels []int64) *conditions {
	c := &conditions{}
	if f.Release != "" || f.Arch != "" {
		c.in(`m.kernel`, anys(kernels)...)
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
		c.in(`s.state`, words(f.States)...)
	}
	return c
}

// kernels are those that the filter chooses.
func (f *Filter) kernels(t *Tx) (ids []int64, err error) {
	c := &conditions{}
	if f.Release != "" {
		c.add(`release = ?`, escape(f.Release))
	}
	if f.Arch != "" {
		c.add(`arch = ?`, f.Arch)
	}
	return t.ids(`SELECT id FROM kernel`+c.where(), c.args...)
}

// ids are the values of a column, each once, in ascending order.
func (t *Tx) ids(query string, args ...any) ([]int64, error) {
	out, err := t.listed(query, args...)
	slices.Sort(out)
	return slices.Compact(out), err
}

// listed are the values of a column, as they come.
func (t *Tx) listed(query string, args ...any) (out []int64, err error) {
	err = t.each(func(rows *sql.Rows) error {
		var n int64
		err := rows.Scan(&n)
		out = append(out, n)
		return err
	}, query, args...)
	return out, err
}

// indexed finds, by each table that modules are looked for in, which ones may be
// chosen: what has to be in all of the lists. No plan is left to the engine, which may
// have no statistics yet: each question is one walk down one index. It returns nil
// where the filter asks for nothing of that kind.
func (f *Filter) indexed(t *Tx, kernels []int64) ([][]int64, error) {
	var out [][]int64
	ask := func(query string, args ...any) error {
		list, err := t.ids(query, args...)
		out = append(out, list)
		return err
	}
	fn, object := short(escape(f.Func)), short(escape(f.Object))
	var err error
	switch {
	case f.Func != "" && f.Object != "":
		err = ask(`SELECT module FROM func WHERE name = $1 AND object = $2`, fn, object)
	case f.Func != "":
		err = ask(`SELECT module FROM func WHERE name = $1`, fn)
	case f.Object != "" && (f.Release != "" || f.Arch != ""):
		var all []int64
		for _, k := range kernels {
			list, err := t.ids(`SELECT module FROM object WHERE name = $1 AND kernel = $2`, object, k)
			if err != nil {
				return nil, err
			}
			all = append(all, list...)
		}
		slices.Sort(all)
		out = append(out, all)
	case f.Object != "":
		err = ask(`SELECT module FROM object WHERE name = $1`, object)
	}
	for _, k := range sortedKeys(f.Labels) {
		if err == nil {
			err = ask(`SELECT module FROM label WHERE name = $1 AND value = $2`, k, f.Labels[k])
		}
	}
	return out, err
}

// chosen are the ids of the modules that the filter may choose: its conditions hold
// for some of them, or for all.
func (f *Filter) chosen(t *Tx, kernels []int64) ([]int64, error) {
	lists, err := f.indexed(t, kernels)
	if err != nil {
		return nil, err
	}
	if len(lists) > 0 {
		out := lists[0]
		for _, list := range lists[1:] {
			out = slices.DeleteFunc(out, func(id int64) bool {
				_, found := slices.BinarySearch(list, id)
				return !found
			})
		}
		return out, nil
	}
	switch {
	case f.Name != "":
		return t.ids(`SELECT id FROM module WHERE name = $1`, escape(f.Name))
	case f.SHA256 != "":
		return t.ids(`SELECT id FROM module WHERE sha256 >= $1 AND sha256 <= $2`, f.SHA256, f.SHA256+"g")
	case f.Release != "" || f.Arch != "":
		var all []int64
		for _, k := range kernels {
			list, err := t.ids(`SELECT module FROM standing WHERE kernel = $1`, k)
			if err != nil {
				return nil, err
			}
			all = append(all, list...)
		}
		slices.Sort(all)
		return all, nil
	}
	return t.ids(`SELECT id FROM module`)
}

func words[T ~string](list []T) []any {
	out := make([]any, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// page is how many modules are read at once: so much is held of a registry of any
// size, and no server is silent for longer.
const page = 500

// List calls f for each entry that the filter chooses, in the order in which
// they were added. Their modules have what is compared, see compact.
func (t *Tx) List(filter Filter, f func(*Entry) error) error {
	kernels, err := filter.kernels(t)
	if err != nil {
		return err
	}
	if len(kernels) == 0 {
		return nil // and no module either
	}
	ids, err := filter.chosen(t, kernels)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(ids, page) {
		c := filter.conditions(kernels)
		c.modules(part)
		if err := t.entries(f, entryRows+c.where()+` ORDER BY m.id`, c.args...); err != nil {
			return err
		}
	}
	return nil
}

// Names are the names of modules that begin with prefix, each once, in the engine's
// order, at most that many.
func (t *Tx) Names(prefix string, most int) ([]string, error) {
	var out []string
	err := t.each(func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		out = append(out, name)
		return err
	}, `SELECT DISTINCT name FROM module WHERE substr(name, 1, ?) = ? ORDER BY name LIMIT ?`, utf8.RuneCountInString(prefix), prefix, most)
	return out, err
}

func (t *Tx) entries(f func(*Entry) error, query string, args ...any) error {
	return t.each(func(rows *sql.Rows) error {
		e, err := scanEntry(rows)
		if err != nil {
			return err
		}
		return f(e)
	}, query, args...)
}

// load reads entries by id.
func (t *Tx) load(ids []int64) ([]*Entry, error) {
	var out []*Entry
	for part := range slices.Chunk(ids, page) {
		c := &conditions{}
		c.modules(part)
		err := t.entries(func(e *Entry) error { out = append(out, e); return nil }, entryRows+c.where()+` ORDER BY m.id`, c.args...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Again reads the entries of peers by their ids, in the order in which they were added.
func (t *Tx) Again(ids []int64) ([]*Entry, error) { return t.load(ids) }

// All is List into a slice.
func (t *Tx) All(filter Filter) ([]*Entry, error) {
	var out []*Entry
	err := t.List(filter, func(e *Entry) error { out = append(out, e); return nil })
	return out, err
}
