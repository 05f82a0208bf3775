package registry

import (
	"database/sql"
	"fmt"
	"slices"
)

// Change says who changes the state of entries, when (RFC 3339, UTC) and why.
type Change struct {
	By, At     string
	ReplacedBy string // sha256 of the module that evicts them, "" for none
	Reason     string
}

// Retire retires entries, told by their ids, that were evicted. Of each is read what its
// record says, and not what is compared.
func (t *Tx) Retire(ids []int64, c Change) error {
	for part := range slices.Chunk(ids, page) {
		list := &conditions{}
		list.modules(part)
		var entries []*Entry
		err := t.each(func(rows *sql.Rows) error {
			e, err := scanRecord(rows)
			entries = append(entries, e)
			return err
		}, recordRows+list.where()+` ORDER BY m.id`)
		if err != nil {
			return err
		}
		if err := t.SetState(entries, Retired, RetiredNow, c); err != nil {
			return err
		}
	}
	return nil
}

// SetState changes the state of entries that a query of this transaction
// returned, and renews what they are recorded as. action is what the log says
// of it.
func (t *Tx) SetState(entries []*Entry, s State, action Action, c Change) error {
	if err := (&Event{Who: c.By, Reason: c.Reason}).check(); err != nil {
		return Abort(err)
	}
	for _, e := range entries {
		e.State, e.ChangedBy, e.ChangedAt, e.ReplacedBy, e.Revision = s, c.By, c.At, c.ReplacedBy, t.Next()
		if action == Admitted {
			e.Admitted = t.Next()
		}
	}
	if s != Active {
		// What comes back is judged beside what is active then.
		for part := range slices.Chunk(entries, 500) {
			ids := make([]any, len(part))
			for i, e := range part {
				ids[i] = e.id
			}
			if err := t.exec(`DELETE FROM judgement WHERE module IN `+tuple(1, len(ids)), ids...); err != nil {
				return err
			}
		}
	}
	for part := range slices.Chunk(entries, 200) {
		rows := make([][]any, len(part))
		for i, e := range part {
			rows[i] = []any{e.id, e.Admitted, e.digest()}
		}
		next, args := t.constants(rows)
		n := len(args)
		err := t.exec(fmt.Sprintf(`WITH next (id, admitted, digest) AS (%s)
UPDATE standing SET state = $%d, changed_by = $%d, changed_at = $%d, replaced_by = $%d, revision = $%d, admitted = next.admitted, digest = next.digest
FROM next WHERE standing.module = next.id`, next, n+1, n+2, n+3, n+4, n+5), append(args, string(s), c.By, c.At, c.ReplacedBy, t.Next())...)
		if err != nil {
			return err
		}
	}
	return t.log(events(entries, action, c)...)
}

// Remove deletes entries that a query of this transaction returned: the log
// alone remembers them.
func (t *Tx) Remove(entries []*Entry, c Change) error {
	ids := make([]int64, len(entries))
	for i, e := range entries {
		ids[i] = e.id
	}
	if err := t.delete(ids); err != nil {
		return err
	}
	return t.log(events(entries, Removed, c)...)
}

func (t *Tx) delete(ids []int64) error {
	for part := range slices.Chunk(ids, 500) {
		for _, from := range []string{`document WHERE module`, `func WHERE module`, `object WHERE module`, `label WHERE module`, `judgement WHERE module`, `standing WHERE module`, `module WHERE id`} {
			if err := t.exec(`DELETE FROM `+from+` IN `+tuple(1, len(part)), anys(part)...); err != nil {
				return err
			}
		}
	}
	return nil
}

func anys(ids []int64) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}

// Admit records that a verdict is about what Lookup found, which is active: it
// admits what was never judged, or says that it was judged again.
func (t *Tx) Admit(x Existing, action Action, c Change) error {
	entries, err := t.load([]int64{x.id})
	if err != nil {
		return err
	}
	if action != Admitted {
		return t.log(events(entries, action, c)...)
	}
	c.ReplacedBy = entries[0].ReplacedBy
	return t.SetState(entries, Active, action, c)
}
