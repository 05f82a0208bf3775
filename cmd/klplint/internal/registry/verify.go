package registry

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/klplint/klplint/moduleset"
)

// Verify looks for contradictions: between a row and its digest, its document,
// its compact form and what it is found by, in the log, and damage that the
// engine itself finds. It returns one line for each; none means that the
// registry is sound. An error means that it could not be read.
func (t *Tx) Verify() ([]string, error) {
	v := &verification{Tx: t}
	for _, step := range []func() error{v.engine, v.modules, v.verdicts, v.history, v.counters} {
		if err := step(); err != nil {
			return v.problems, err
		}
	}
	return v.problems, nil
}

type verification struct {
	*Tx
	problems []string
	last     int64 // highest id
	revision int64 // highest revision
	head     string
}

func (v *verification) found(format string, args ...any) {
	const most = 1000
	if len(v.problems) < most {
		v.problems = append(v.problems, fmt.Sprintf(format, args...))
	}
}

// engine asks for damage in the file, where the engine does not look by itself.
func (v *verification) engine() error {
	if v.check == "" {
		return nil
	}
	return v.each(func(rows *sql.Rows) error {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if line != "ok" {
			v.found("damage in the file: %s", line)
		}
		return nil
	}, v.check)
}

// row is a module as it stands, before anything is made of it.
type row struct {
	entry                             Entry
	kernel                            int64
	sha256, unsigned, name, stem      string
	labels, document, textSum, digest string
	compact                           []byte
	index                             struct { // of its standing
		kernel      int64
		owner, stem string
	}
}

// modules are read in pages, so that memory does not grow with their number.
func (v *verification) modules() error {
	kernels := make(map[int64]moduleset.Kernel)
	err := v.each(func(rows *sql.Rows) error {
		var id int64
		var k moduleset.Kernel
		err := rows.Scan(&id, &k.Release, &k.Arch, &k.Flags)
		k.Release, k.Flags = unescape(k.Release), unescape(k.Flags)
		kernels[id], v.last = k, max(v.last, id)
		return err
	}, `SELECT id, release, arch, flags FROM kernel ORDER BY id`)
	if err != nil {
		return err
	}
	var funcs, objects, labels, count, all int64
	if err := v.row(`SELECT count(*) FROM module`, &all); err != nil {
		return err
	}
	const page = 200
	for after := int64(-1); ; {
		var list []*row
		err := v.each(func(rows *sql.Rows) error {
			var r row
			e := &r.entry
			var text sql.NullString
			if err := rows.Scan(&e.id, &e.Channel, &e.Owner, &e.State, &e.AddedBy, &e.AddedAt, &e.ChangedBy, &e.ChangedAt, &e.ReplacedBy, &e.Revision, &e.Admitted,
				&r.labels, &r.textSum, &r.kernel, &r.sha256, &r.unsigned, &r.name, &r.stem, &r.compact, &r.index.kernel, &r.index.owner, &r.index.stem, &r.digest, &text); err != nil {
				return err
			}
			r.document = text.String
			after = e.id
			list = append(list, &r)
			return nil
		}, `SELECT `+columns+`, m.kernel, m.sha256, m.unsigned_sha256, m.name, m.stem, m.compact, s.kernel, s.owner, s.stem, s.digest, d.text FROM module m JOIN standing s ON s.module = m.id LEFT JOIN document d ON d.module = m.id WHERE m.id > $1 ORDER BY m.id LIMIT 200`, after)
		if err != nil {
			return err
		}
		found, err := v.indexes(list)
		if err != nil {
			return err
		}
		for _, r := range list {
			f, o, l := v.module(r, kernels, found)
			funcs, objects, labels, count = funcs+f, objects+o, labels+l, count+1
		}
		if v.Progress != nil {
			v.Progress(int(count), int(all))
		}
		if len(list) < page {
			break
		}
	}
	for table, want := range map[string]int64{"func": funcs, "object": objects, "label": labels, "document": count, "standing": count, "module": count} {
		var have int64
		if err := v.row(`SELECT count(*) FROM `+table, &have); err != nil {
			return err
		}
		if have != want {
			v.found("%d rows of table %s, and the modules have %d", have, table, want)
		}
	}
	slices.Sort(v.problems)
	return nil
}

// index is what a module is found by.
type index struct {
	funcs   map[funcItem]bool
	objects map[string]int64 // kernel
	labels  map[string]string
}

func (v *verification) indexes(list []*row) (map[int64]*index, error) {
	out := make(map[int64]*index)
	if len(list) == 0 {
		return out, nil
	}
	ids := make([]int64, len(list))
	for i, r := range list {
		ids[i] = r.entry.id
		out[r.entry.id] = &index{make(map[funcItem]bool), make(map[string]int64), make(map[string]string)}
	}
	in := ` WHERE module IN ` + tuple(1, len(ids))
	err := v.each(func(rows *sql.Rows) error {
		var id int64
		var f funcItem
		err := rows.Scan(&id, &f.name, &f.object)
		out[id].funcs[f] = true
		return err
	}, `SELECT module, name, object FROM func`+in, anys(ids)...)
	if err != nil {
		return nil, err
	}
	err = v.each(func(rows *sql.Rows) error {
		var id, kernel int64
		var name string
		err := rows.Scan(&id, &name, &kernel)
		out[id].objects[name] = kernel
		return err
	}, `SELECT module, name, kernel FROM object`+in, anys(ids)...)
	if err != nil {
		return nil, err
	}
	err = v.each(func(rows *sql.Rows) error {
		var id int64
		var name, value string
		err := rows.Scan(&id, &name, &value)
		out[id].labels[name] = value
		return err
	}, `SELECT module, name, value FROM label`+in, anys(ids)...)
	return out, err
}

// module holds a row against its document. It returns how many rows of other
// tables belong to it.
func (v *verification) module(r *row, kernels map[int64]moduleset.Kernel, found map[int64]*index) (funcs, objects, labels int64) {
	e := &r.entry
	v.last, v.revision = max(v.last, e.id), max(v.revision, e.Revision, e.Admitted)
	problem := func(format string, args ...any) {
		v.found("module %d (%s): %s", e.id, r.name, fmt.Sprintf(format, args...))
	}
	if textDigest(r.document) != r.textSum {
		problem("its document is not the one that was written")
	}
	m, err := decode([]byte(r.document))
	if err != nil {
		problem("%v", err)
		return 0, 0, 0
	}
	e.Module, e.document = m, r.textSum
	if err := json.Unmarshal([]byte(r.labels), &e.Labels); err != nil {
		problem("labels: %v", err)
	}
	if err := e.check(); err != nil {
		problem("%v", err)
	}
	if r.digest != e.digest() {
		problem("its row is not the one that was written")
	}
	for _, c := range []struct{ what, row, document string }{
		{"sha256", r.sha256, m.SHA256},
		{"digest without signature", r.unsigned, m.UnsignedSHA256},
		{"name", r.name, escape(m.Name)},
		{"stem", r.stem, e.stem()},
		{"kernel", fmt.Sprint(kernels[r.kernel]), fmt.Sprint(e.Kernel())},
		{"kernel of its standing", fmt.Sprint(kernels[r.index.kernel]), fmt.Sprint(e.Kernel())},
		{"owner of its standing", r.index.owner, e.Owner},
		{"stem of its standing", r.index.stem, e.stem()},
	} {
		if c.row != c.document {
			problem("the row says %s %q, the document %q", c.what, c.row, c.document)
		}
	}
	if !bytes.Equal(r.compact, compact(m)) {
		problem("its compact form is not that of the document")
	}
	x := found[e.id]
	list := funcsOf(m)
	for _, f := range list {
		if !x.funcs[f] {
			problem("it is not found by func %s of %s", f.name, f.object)
		}
	}
	names := objectsOf(list)
	for _, name := range names {
		if kernel, ok := x.objects[name]; !ok || kernel != r.kernel {
			problem("it is not found by object %s", name)
		}
	}
	if len(x.funcs) != len(list) || len(x.objects) != len(names) {
		problem("it is found by %d funcs of %d objects, and has %d of %d", len(x.funcs), len(x.objects), len(list), len(names))
	}
	if !maps.Equal(e.Labels, x.labels) {
		problem("the labels that it is found by are others")
	}
	return int64(len(list)), int64(len(names)), int64(len(e.Labels))
}

func (v *verification) verdicts() error {
	err := v.each(func(rows *sql.Rows) error {
		var id, revision int64
		var statement, digest string
		if err := rows.Scan(&id, &revision, &statement, &digest); err != nil {
			return err
		}
		v.last, v.revision = max(v.last, id), max(v.revision, revision)
		if digestOf(decimal(id), decimal(revision), statement) != digest {
			v.found("verdict %d is not the one that was written", id)
		}
		return nil
	}, `SELECT id, revision, statement, digest FROM verdict ORDER BY id`)
	if err != nil {
		return err
	}
	return v.each(func(rows *sql.Rows) error {
		var j judgement
		var digest string
		var ok bool
		if err := rows.Scan(&j.module, &j.sha256, &j.policy, &j.verdict, &digest, &ok); err != nil {
			return err
		}
		if j.digest() != digest || !ok {
			v.found("which verdict is about module %d is not what was written", j.module)
		}
		return nil
	}, `SELECT module, sha256, policy, verdict, digest, EXISTS (SELECT 1 FROM verdict WHERE id = judgement.verdict) AND EXISTS (SELECT 1 FROM module WHERE id = judgement.module) FROM judgement ORDER BY module, sha256, policy`)
}

// history walks the log: each entry covers the one before it.
func (v *verification) history() error {
	return v.Log("", "", func(e *Event) error {
		v.last, v.revision = max(v.last, e.id), max(v.revision, e.Revision)
		if e.chain(v.head) != e.digest {
			v.found("entry %d of the log does not follow from the one before it", e.id)
		}
		v.head = e.digest
		return nil
	})
}

func (v *verification) counters() error {
	var digest string
	err := v.row(`SELECT next_id, log_head, digest FROM registry WHERE one = 1`, &v.nextID, &v.logHead, &digest)
	if err != nil {
		return err
	}
	if v.seal(v.Revision) != digest {
		v.found("the registry's own row is not the one that was written")
	}
	if v.logHead != v.head {
		v.found("the log does not end with the entry that it ended with")
	}
	if v.nextID <= v.last {
		v.found("the next number is %d, and %d is taken", v.nextID, v.last)
	}
	if v.Revision < v.revision {
		v.found("the revision is %d, and something was changed in %d", v.Revision, v.revision)
	}
	return nil
}
