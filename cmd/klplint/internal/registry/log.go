package registry

import (
	"database/sql"

	"github.com/klplint/klplint/moduleset"
)

// Action is what happened to a module.
type Action string

// The actions of the log.
const (
	Added      Action = "added" // without being judged
	Imported   Action = "imported"
	Admitted   Action = "admitted"
	Rejudged   Action = "judged again" // active before, and passed under another policy
	Refused    Action = "refused"
	RetiredNow Action = "retired"
	Activated  Action = "activated"
	Removed    Action = "removed"
	Migrated   Action = "migrated" // the registry, to a newer schema
)

// Event is an entry of the log.
type Event struct {
	Revision     int64 // the registry's revision that it made
	At, Who      string
	Action       Action
	Name, SHA256 string           // of the module; "" for the registry as a whole
	Kernel       moduleset.Kernel // without flags
	Channel      string
	Reason       string

	id     int64
	digest string
}

// chain is the digest of an event that follows one with digest before.
func (e *Event) chain(before string) string {
	return digestOf(before, decimal(e.id), decimal(e.Revision), e.At, e.Who, string(e.Action), e.Name, e.SHA256, e.Kernel.Release, string(e.Kernel.Arch), e.Channel, e.Reason)
}

func events(entries []*Entry, action Action, c Change) []Event {
	out := make([]Event, len(entries))
	for i, e := range entries {
		k := e.Kernel()
		k.Flags = ""
		out[i] = Event{At: c.At, Who: c.By, Action: action, Name: e.Module.Name, SHA256: e.Module.SHA256, Kernel: k, Channel: e.Channel, Reason: c.Reason}
		if c == (Change{}) {
			out[i].At, out[i].Who = e.AddedAt, e.AddedBy
		}
	}
	return out
}

// check refuses what the log could not show as it was said. A reason is as long as it
// takes.
func (e *Event) check() error {
	if err := checkText("reason", e.Reason); err != nil {
		return err
	}
	if err := checkWord("name of who does it", e.Who); err != nil {
		return err
	}
	return checkWord("channel", e.Channel)
}

// Refuse writes down that entries were not admitted, and why.
func (t *Tx) Refuse(entries []*Entry, c Change) error { return t.log(events(entries, Refused, c)...) }

func (t *Tx) log(list ...Event) error {
	b := t.batch(`log (id, revision, at, who, action, name, sha256, release, arch, channel, reason, digest)`, 200)
	for i := range list {
		e := &list[i]
		if err := e.check(); err != nil {
			return Abort(err)
		}
		e.id, e.Revision = t.nextID, t.Next()
		t.nextID++
		t.logHead = e.chain(t.logHead)
		b.add(e.id, e.Revision, e.At, e.Who, string(e.Action), escape(e.Name), e.SHA256, escape(e.Kernel.Release), string(e.Kernel.Arch), e.Channel, e.Reason, t.logHead)
	}
	return b.flush()
}

// Log calls f for each event, in the order in which they happened: those of one
// module where its name or the start of its digest is given.
func (t *Tx) Log(name, sha256 string, f func(*Event) error) error {
	c := &conditions{}
	if name != "" {
		c.add(`name = ?`, escape(name))
	}
	if sha256 != "" {
		c.add(`sha256 >= ? AND sha256 <= ?`, sha256, sha256+"g")
	}
	return t.each(func(rows *sql.Rows) error {
		var e Event
		if err := rows.Scan(&e.id, &e.Revision, &e.At, &e.Who, &e.Action, &e.Name, &e.SHA256, &e.Kernel.Release, &e.Kernel.Arch, &e.Channel, &e.Reason, &e.digest); err != nil {
			return err
		}
		e.Name, e.Kernel.Release = unescape(e.Name), unescape(e.Kernel.Release)
		return f(&e)
	}, `SELECT id, revision, at, who, action, name, sha256, release, arch, channel, reason, digest FROM log`+c.where()+` ORDER BY id`, c.args...)
}
