package registry

import (
	"database/sql"
	"fmt"

	"github.com/klplint/klplint/moduleset"
)

// Active calls f for each active entry of a kernel, of the channels given or of
// all, in no order that can be relied on: sorting is left to whoever keeps
// them, which costs less than moving rows about.
func (t *Tx) Active(k moduleset.Kernel, channels []string, f func(Peer) error) error {
	c := &conditions{}
	c.add(`m.state = 'active'`)
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
	return t.compared(k, c, func(rows *sql.Rows) error {
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
		p.Member.Path = pathOf(p.Member.Name, p.Member.SHA256, p.Channel)
		return f(p)
	})
}

// Retired calls f for each retired entry of a kernel and a lineage, in no order that
// can be relied on. Of an entry there is what is compared: its module in the compact
// form, channel and owner.
func (t *Tx) Retired(k moduleset.Kernel, l Lineage, f func(*Entry) error) error {
	c := &conditions{}
	c.add(`m.state = 'retired' AND m.owner = ? AND m.stem = ?`, l.Owner, l.Stem)
	return t.compared(k, c, func(rows *sql.Rows) error {
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

// compared asks for the modules of a kernel by its number: whatever the
// statistics say, that is one walk down one index.
func (t *Tx) compared(k moduleset.Kernel, c *conditions, scan func(*sql.Rows) error) error {
	id, found, err := t.kernel(k)
	if err != nil || !found {
		return err
	}
	c.add(`m.kernel = ?`, id)
	return t.each(scan, `SELECT m.id, m.channel, m.owner, m.compact FROM module m`+c.where(), c.args...)
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
	}, `SELECT release, arch, flags FROM kernel k WHERE EXISTS (SELECT 1 FROM module m WHERE m.kernel = k.id AND m.state = 'active') ORDER BY release, arch, flags`)
	return out, err
}

// ReplacedBy lists the retired modules of e's kernel that e had evicted.
func (t *Tx) ReplacedBy(e *Entry) ([]*Entry, error) {
	k := e.Kernel()
	id, found, err := t.kernel(k)
	if err != nil || !found {
		return nil, err
	}
	var out []*Entry
	err = t.entries(func(e *Entry) error { out = append(out, e); return nil },
		entryRows+` WHERE m.kernel = $1 AND m.state = 'retired' AND m.replaced_by = $2 ORDER BY m.id`, id, e.Module.SHA256)
	return out, err
}
