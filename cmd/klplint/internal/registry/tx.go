package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Tx is one transaction. It is valid within the call of Read or Write that
// made it.
type Tx struct {
	ctx   context.Context
	tx    *sql.Tx
	watch *watch
	// Revision is the registry's revision that the transaction reads.
	Revision int64
	// UUID tells this registry from all others.
	UUID string
	// Progress is told of the modules that Export and Verify have done, and how many there
	// are; nil for nobody.
	Progress func(done, total int)

	room     string // the engine's own statement before the first change, "" for none
	check    string // the engine's own statement that looks for damage, "" for none
	nextID   int64
	logHead  string // see Event.chain
	changed  bool
	readOnly bool
	shown    bool // see Shown
	arrays   bool // see constants
}

// Write runs f in a serializable transaction and commits what it changed. It
// calls f again, from the start and with what others have written meanwhile,
// where another writer was faster or the server was lost: f must not act
// outside the transaction. An error of f undoes everything. A transaction that
// changed nothing leaves no trace.
//
// When the server is lost at the commit nobody knows whether it was done. The registry
// is asked: where the log has what this transaction wrote there, it was. Where it has
// not, f is called again.
func (r *Registry) Write(ctx context.Context, f func(*Tx) error) error {
	var last *mark
	return r.retry(ctx, func(w *watch) error {
		ctx := w.ctx
		tx, err := r.engine.begin(ctx, r.db, false)
		if err != nil {
			return last.unknown(err)
		}
		defer w.rollback(tx) // after a commit it does nothing
		t := &Tx{ctx: ctx, tx: tx, watch: w, room: r.engine.room(), check: r.engine.check(), arrays: r.engine.arrays()}
		err = tx.QueryRowContext(ctx, `UPDATE registry SET revision = revision + 1 WHERE one = 1 RETURNING revision, next_id, uuid, log_head`).Scan(&t.Revision, &t.nextID, &t.UUID, &t.logHead)
		if err != nil {
			return last.unknown(err)
		}
		w.answered()
		t.Revision--
		if last != nil {
			done, err := t.recorded(last)
			if done || err != nil {
				return last.unknown(err)
			}
			last = nil
		}
		before := t.logHead
		if err := f(t); err != nil || !t.changed {
			return err
		}
		err = t.exec(`UPDATE registry SET next_id = $1, log_head = $2, digest = $3 WHERE one = 1`, t.nextID, t.logHead, t.seal(t.Next()))
		if err != nil {
			return err
		}
		w.ask()
		err = tx.Commit()
		if err != nil && r.engine.silence() > 0 && r.engine.fate(err) == later && t.logHead != before {
			last = &mark{t.Next(), t.logHead}
			return last.unknown(err)
		}
		return err
	})
}

// mark is what a transaction leaves that was committed: the last entry of the log that
// it wrote.
type mark struct {
	revision int64
	digest   string
}

// recorded asks whether the transaction that would have left the mark was committed.
func (t *Tx) recorded(m *mark) (done bool, err error) {
	err = t.each(func(rows *sql.Rows) error { done = true; return nil }, `SELECT 1 FROM log WHERE revision = $1 AND digest = $2`, m.revision, m.digest)
	return done, err
}

// unknown is an error after a commit whose outcome is not known yet.
func (m *mark) unknown(err error) error {
	if m == nil || err == nil {
		return err
	}
	return &unknownError{err}
}

type unknownError struct{ err error }

func (e *unknownError) Error() string { return e.err.Error() }
func (e *unknownError) Unwrap() error { return e.err }

// Read runs f over one state of the registry.
func (r *Registry) Read(ctx context.Context, f func(*Tx) error) error {
	return r.retry(ctx, func(w *watch) error {
		ctx := w.ctx
		tx, err := r.engine.begin(ctx, r.db, true)
		if err != nil {
			return err
		}
		defer w.rollback(tx) // there is nothing to undo
		t := &Tx{ctx: ctx, tx: tx, watch: w, check: r.engine.check(), readOnly: true}
		if err := tx.QueryRowContext(ctx, `SELECT revision, uuid FROM registry WHERE one = 1`).Scan(&t.Revision, &t.UUID); err != nil {
			return err
		}
		w.answered()
		err = f(t)
		if err == nil {
			err = r.engine.settled()
		}
		if err != nil && t.shown {
			err = &shownError{err}
		}
		return err
	})
}

// Shown notes that somebody has seen a part of what f of Read finds: it is not called
// again from the start.
func (t *Tx) Shown() { t.shown = true }

// shownError ends a transaction that may not be repeated.
type shownError struct{ err error }

func (e *shownError) Error() string { return e.err.Error() }
func (e *shownError) Unwrap() error { return e.err }

// seal is the digest of the registry's own row.
func (t *Tx) seal(revision int64) string {
	return digestOf(t.UUID, decimal(revision), decimal(t.nextID), t.logHead)
}

// Next is the revision that this transaction makes if it changes something.
func (t *Tx) Next() int64 { return t.Revision + 1 }

// retry is persist, with errors that say what they mean for a registry.
func (r *Registry) retry(ctx context.Context, once func(*watch) error) error {
	err := r.persist(ctx, once)
	var own *ownError
	switch {
	case errors.As(err, &own):
		return own.err
	case err == nil || ctx.Err() != nil:
		return err
	}
	if unknown := (*unknownError)(nil); errors.As(err, &unknown) {
		return fmt.Errorf("%w; it was lost at the commit, and whether that was done is not known: registry log tells", r.explain(err))
	}
	return r.explain(err)
}

// persist calls once until it succeeds, fails for good, or r.wait is over. Other
// writers that were faster are no reason to give up after a long wait alone: they are
// given as much time again.
func (r *Registry) persist(ctx context.Context, once func(*watch) error) error {
	const fewest = 8
	deadline := time.Now().Add(r.wait)
	for attempt := 0; ; attempt++ {
		first := r.engine.silence()
		if left := time.Until(deadline); left > 0 {
			first = min(first, left)
		}
		w := newWatch(ctx, first, r.engine.silence())
		err := once(w)
		silent := w.end()
		var own *ownError
		switch {
		case err == nil || errors.As(err, &own):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case silent != nil:
			return silent
		}
		if shown := (*shownError)(nil); errors.As(err, &shown) {
			return err
		}
		// In what is left behind the limit of a lock nothing can be waited for again.
		fate, over := r.engine.fate(err), time.Since(deadline)
		if fate == final || over > -r.wait/8 && (fate != again || attempt >= fewest || over > r.wait) {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

// ownError is an error of the caller's own: it says nothing about the database.
type ownError struct{ err error }

func (e *ownError) Error() string { return e.err.Error() }
func (e *ownError) Unwrap() error { return e.err }

// Abort is the error by which f of Read and Write ends the transaction with an
// error of its own, which is returned as it is.
func Abort(err error) error { return &ownError{err} }

// pause waits longer after each attempt, and never equally long, so that
// writers that met once do not meet again.
func pause(ctx context.Context, attempt int) error {
	limit := 5 * time.Millisecond << min(attempt, 6)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Millisecond + rand.N(limit)):
		return nil
	}
}

func (t *Tx) exec(query string, args ...any) error {
	if t.readOnly {
		return Abort(errors.New("registry: a change in a transaction that only reads"))
	}
	t.watch.ask()
	defer t.watch.answered()
	if !t.changed && t.room != "" {
		if _, err := t.tx.ExecContext(t.ctx, t.room); err != nil {
			return err
		}
	}
	t.changed = true
	_, err := t.tx.ExecContext(t.ctx, query, args...)
	return err
}

// row reads the one row of a query.
func (t *Tx) row(query string, to ...any) error {
	t.watch.ask()
	defer t.watch.answered()
	return t.tx.QueryRowContext(t.ctx, query).Scan(to...)
}

// each calls scan for each row of a query. The server is waited for, and not whoever
// takes what scan writes.
func (t *Tx) each(scan func(*sql.Rows) error, query string, args ...any) error {
	t.watch.ask()
	defer t.watch.answered()
	rows, err := t.tx.QueryContext(t.ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		t.watch.answered()
		if err := scan(rows); err != nil {
			return err
		}
		t.watch.ask()
	}
	return rows.Err()
}
