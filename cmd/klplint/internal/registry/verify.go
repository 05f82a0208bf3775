package registry

import (
	"cmp"
	"database/sql"
	"fmt"
	"maps"
	"slices"
)

// Verify looks for contradictions: rows that do not say what their document
// says, and damage that the engine itself finds. It returns one line for each;
// none means that the registry is sound. An error means that it could not be
// read.
func (t *Tx) Verify() ([]string, error) {
	v := &verification{Tx: t}
	steps := []func() error{v.engine, v.modules, v.items, v.labels, v.counters}
	for _, step := range steps {
		if err := step(); err != nil {
			return v.problems, err
		}
	}
	return v.problems, nil
}

type verification struct {
	*Tx
	problems []string
	expected map[int64]expectation
	last     int64 // highest id
	revision int64 // highest revision of a module
}

// expectation is what the other tables should have of a module.
type expectation struct {
	path   string
	kernel int64
	active int64
	items  []item
	labels map[string]string
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

func (v *verification) modules() error {
	kernels := make(map[int64]Kernel)
	err := v.each(func(rows *sql.Rows) error {
		var id int64
		var k Kernel
		err := rows.Scan(&id, &k.Release, &k.Arch)
		kernels[id], v.last = k, max(v.last, id)
		return err
	}, `SELECT id, release, arch FROM kernel ORDER BY id`)
	if err != nil {
		return err
	}
	v.expected = make(map[int64]expectation)
	return v.each(func(rows *sql.Rows) error {
		var id, kernel, revision int64
		var digest, channel, owner, name, state, labels, document string
		if err := rows.Scan(&id, &kernel, &digest, &channel, &owner, &name, &state, &revision, &labels, &document); err != nil {
			return err
		}
		v.last, v.revision = max(v.last, id), max(v.revision, revision)
		m, err := decode([]byte(document))
		if err != nil {
			v.found("module %d (%s): %v", id, name, err)
			return nil
		}
		e := &Entry{Module: m, Channel: channel, Owner: owner, State: State(state)}
		if err := e.check(); err != nil {
			v.found("module %d: %v", id, err)
			return nil
		}
		for _, c := range []struct{ what, row, document string }{
			{"sha256", digest, m.SHA256},
			{"name", name, m.Name},
			{"kernel", kernels[kernel].Release + " " + string(kernels[kernel].Arch), m.Vermagic.Release + " " + string(m.Arch)},
		} {
			if c.row != c.document {
				v.found("%s: the row says %s %q, the document %q", e.Path(), c.what, c.row, c.document)
			}
		}
		x := expectation{path: e.Path(), kernel: kernel, active: active(e.State), items: itemsOf(m), labels: map[string]string{}}
		if err := unmarshalLabels(labels, &x.labels); err != nil {
			v.found("%s: labels: %v", e.Path(), err)
		}
		v.expected[id] = x
		return nil
	}, `SELECT id, kernel, sha256, channel, owner, name, state, revision, labels, document FROM module ORDER BY id`)
}

func (v *verification) items() error {
	have := make(map[int64][]item)
	err := v.each(func(rows *sql.Rows) error {
		var it item
		var module, kernel, active int64
		if err := rows.Scan(&module, &kernel, &active, &it.kind, &it.value, &it.object, &it.position); err != nil {
			return err
		}
		x, ok := v.expected[module]
		if ok && (x.kernel != kernel || x.active != active) {
			v.found("%s: the index says kernel %d and active %d, the module %d and %d", x.path, kernel, active, x.kernel, x.active)
		}
		have[module] = append(have[module], it)
		return nil
	}, `SELECT module, kernel, active, kind, value, object, position FROM item`)
	if err != nil {
		return err
	}
	order := func(a, b item) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.value, b.value), cmp.Compare(a.object, b.object), cmp.Compare(a.position, b.position))
	}
	for _, id := range slices.Sorted(maps.Keys(v.expected)) {
		x := v.expected[id]
		slices.SortFunc(x.items, order)
		slices.SortFunc(have[id], order)
		if !slices.Equal(x.items, have[id]) {
			v.found("%s: the index has %d items that are not the %d of the document", x.path, len(have[id]), len(x.items))
		}
		delete(have, id)
	}
	for _, id := range slices.Sorted(maps.Keys(have)) {
		v.found("the index has items of module %d, which does not exist", id)
	}
	return nil
}

func (v *verification) labels() error {
	have := make(map[int64]map[string]string)
	err := v.each(func(rows *sql.Rows) error {
		var id int64
		var name, value string
		if err := rows.Scan(&id, &name, &value); err != nil {
			return err
		}
		if have[id] == nil {
			have[id] = make(map[string]string)
		}
		have[id][name] = value
		return nil
	}, `SELECT module, name, value FROM label`)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(v.expected)) {
		if x := v.expected[id]; !maps.Equal(x.labels, have[id]) {
			v.found("%s: the index of labels differs from the module's", x.path)
		}
	}
	return nil
}

func (v *verification) counters() error {
	var next int64
	if err := v.tx.QueryRowContext(v.ctx, `SELECT next_id FROM registry WHERE one = 1`).Scan(&next); err != nil {
		return err
	}
	if next <= v.last {
		v.found("the next number is %d, and %d is taken", next, v.last)
	}
	if v.Revision < v.revision {
		v.found("the revision is %d, and a module was changed in %d", v.Revision, v.revision)
	}
	return nil
}
