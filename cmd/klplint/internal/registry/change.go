package registry

import "slices"

// Change says who changes the state of entries, and when (RFC 3339, UTC).
type Change struct {
	By, At     string
	ReplacedBy string // sha256 of the module that evicts them, "" for none
}

// SetState changes the state of entries that a query of this transaction
// returned.
func (t *Tx) SetState(entries []*Entry, s State, c Change) error {
	var ids []int64
	for _, e := range entries {
		ids = append(ids, e.id)
	}
	if err := t.setState(ids, s, c); err != nil {
		return err
	}
	for _, e := range entries {
		e.State, e.ChangedBy, e.ChangedAt, e.ReplacedBy, e.Revision = s, c.By, c.At, c.ReplacedBy, t.Next()
	}
	return nil
}

// Activate makes what Lookup found active.
func (t *Tx) Activate(x Existing, c Change) error { return t.setState([]int64{x.id}, Active, c) }

func (t *Tx) setState(ids []int64, s State, c Change) error {
	for part := range slices.Chunk(ids, 500) {
		args := []any{string(s), c.By, c.At, c.ReplacedBy, t.Next()}
		err := t.exec(`UPDATE module SET state = $1, changed_by = $2, changed_at = $3, replaced_by = $4, revision = $5 WHERE id IN `+tuple(6, len(part)), append(args, anys(part)...)...)
		if err != nil {
			return err
		}
		if err := t.exec(`UPDATE item SET active = $1 WHERE module IN `+tuple(2, len(part)), append([]any{active(s)}, anys(part)...)...); err != nil {
			return err
		}
	}
	return nil
}

// Remove deletes entries that a query of this transaction returned: nothing
// remembers them.
func (t *Tx) Remove(entries []*Entry) error {
	var ids []int64
	for _, e := range entries {
		ids = append(ids, e.id)
	}
	for part := range slices.Chunk(ids, 500) {
		for _, query := range []string{`DELETE FROM item WHERE module IN `, `DELETE FROM label WHERE module IN `, `DELETE FROM module WHERE id IN `} {
			if err := t.exec(query+tuple(1, len(part)), anys(part)...); err != nil {
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
