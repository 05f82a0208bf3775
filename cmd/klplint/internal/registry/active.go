package registry

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"github.com/klplint/klplint/moduleset"
)

// Active calls f for each active entry of a kernel, of the channels given or of
// all, in the order in which they were added.
func (t *Tx) Active(k moduleset.Kernel, channels []string, f func(Peer) error) error {
	became, err := t.became(k)
	if err != nil {
		return err
	}
	ids := slices.Sorted(maps.Keys(became))
	c := &conditions{}
	if len(channels) > 0 {
		c.in(`m.channel`, words(channels)...)
	}
	var read memberReader
	var channel, owner sql.RawBytes
	known := make(map[string]string) // of few words, one copy each
	word := func(b []byte) string {
		w, ok := known[string(b)]
		if !ok {
			w = string(b)
			known[w] = w
		}
		return w
	}
	return t.compared(ids, c, func(rows *sql.Rows) error {
		var p Peer
		var row sql.RawBytes
		err := rows.Scan(&p.id, &channel, &owner, &row)
		if err != nil {
			return err
		}
		if p.Member, p.UnsignedSHA256, err = read.member(row, word(owner)); err != nil {
			return Abort(fmt.Errorf("module %d: %w", p.id, err))
		}
		p.Channel = word(channel)
		p.Admitted = became[p.id].admitted > 0
		p.Member.Channel, p.Member.Since = p.Channel, became[p.id].since
		p.Member.Path = pathOf(p.Member.Name, p.Member.SHA256, p.Channel)
		return f(p)
	})
}

// became is when a module became active, and was admitted.
type became struct{ since, admitted int64 }

// became tells it of the active modules of a kernel, by id. The revision of an active row
// is the one in which it became that: nothing else changes it but the first verdict on a
// row that was added without one.
func (t *Tx) became(k moduleset.Kernel) (map[int64]became, error) {
	id, found, err := t.kernel(k)
	if err != nil || !found {
		return nil, err
	}
	out := make(map[int64]became)
	err = t.each(func(rows *sql.Rows) error {
		var module int64
		var b became
		err := rows.Scan(&module, &b.since, &b.admitted)
		out[module] = b
		return err
	}, `SELECT module, revision, admitted FROM standing WHERE kernel = $1 AND state = 'active'`, id)
	return out, err
}

// Retired calls f for each retired entry of a kernel and a lineage, in the order in
// which they were added. Of an entry there is what is compared: its module in the compact
// form, channel and owner.
func (t *Tx) Retired(k moduleset.Kernel, l Lineage, f func(*Entry) error) error {
	ids, err := t.standing(k, `state = 'retired' AND owner = $2 AND stem = $3`, l.Owner, l.Stem)
	if err != nil {
		return err
	}
	return t.compared(ids, &conditions{}, func(rows *sql.Rows) error {
		e := Entry{State: Retired}
		var row sql.RawBytes
		err := rows.Scan(&e.id, &e.Channel, &e.Owner, &row)
		if err != nil {
			return err
		}
		if e.Module, err = expand(row); err != nil {
			return Abort(fmt.Errorf("module %d: %w", e.id, err))
		}
		return f(&e)
	})
}

// standing are the ids of the modules of a kernel whose state is what the condition
// says, of which the arguments begin with $2: whatever the statistics say, that is one
// walk down one index.
func (t *Tx) standing(k moduleset.Kernel, condition string, args ...any) ([]int64, error) {
	id, found, err := t.kernel(k)
	if err != nil || !found {
		return nil, err
	}
	return t.ids(`SELECT module FROM standing WHERE kernel = $1 AND `+condition, append([]any{id}, args...)...)
}

// compared reads what is compared of modules, in pages.
func (t *Tx) compared(ids []int64, c *conditions, scan func(*sql.Rows) error) error {
	for part := range slices.Chunk(ids, page) {
		c := conditions{append(slices.Clone(c.parts), `m.id IN `+numbers(part)), c.args}
		if err := t.each(scan, `SELECT m.id, m.channel, m.owner, m.compact FROM module m`+c.where()+` ORDER BY m.id`, c.args...); err != nil {
			return err
		}
	}
	return nil
}

// Kernels lists the kernels that have active modules, in a fixed order.
func (t *Tx) Kernels() ([]moduleset.Kernel, error) {
	var out []moduleset.Kernel
	err := t.each(func(rows *sql.Rows) error {
		var k moduleset.Kernel
		err := rows.Scan(&k.Release, &k.Arch, &k.Flags)
		k.Release, k.Flags = unescape(k.Release), unescape(k.Flags)
		out = append(out, k)
		return err
	}, `SELECT release, arch, flags FROM kernel k WHERE EXISTS (SELECT 1 FROM standing s WHERE s.kernel = k.id AND s.state = 'active') ORDER BY release, arch, flags`)
	return out, err
}

// ReplacedBy lists the retired modules of e's kernel and channel that e had evicted, as
// built or as signed.
func (t *Tx) ReplacedBy(e *Entry) ([]*Entry, error) {
	ids, err := t.standing(e.Kernel(), `state = 'retired' AND replaced_by IN ($2, $3)`, e.Module.SHA256, e.Module.UnsignedSHA256)
	if err != nil {
		return nil, err
	}
	list, err := t.load(ids)
	return slices.DeleteFunc(list, func(r *Entry) bool { return r.Channel != e.Channel }), err
}

// replacedBy says of what old had evicted that e did, which is the same module in the
// place of old.
func (t *Tx) replacedBy(e, old *Entry) error {
	if e.Module.SHA256 == old.Module.SHA256 {
		return nil
	}
	list, err := t.ReplacedBy(old)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(list, 200) {
		rows := make([][]any, len(part))
		for i, r := range part {
			r.ReplacedBy = e.Module.SHA256
			rows[i] = []any{r.id, r.ReplacedBy, r.digest()}
		}
		next, args := t.constants(rows)
		err := t.exec(`WITH next (id, replaced_by, digest) AS (`+next+`)
UPDATE standing SET replaced_by = next.replaced_by, digest = next.digest FROM next WHERE standing.module = next.id`, args...)
		if err != nil {
			return err
		}
	}
	return nil
}
