package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// watch gives up on a server that says nothing: one that is stopped, or beyond a
// cable that was pulled, leaves its connections open.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer // nil: nothing is watched
	limit  time.Duration
}

// silentError says that a server did not answer.
type silentError struct{ after time.Duration }

func (e *silentError) Error() string {
	return fmt.Sprintf("the server did not answer within %s; nothing is known of what it did", e.after)
}

// newWatch watches what is done with its context; end is to be called. first is the
// limit until the server answers for the first time, limit that of all that is asked
// later; 0 watches nothing.
func newWatch(ctx context.Context, first, limit time.Duration) *watch {
	w := &watch{limit: limit}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	if limit > 0 {
		w.timer = time.AfterFunc(first, w.expire)
	}
	return w
}

func (w *watch) expire() { w.cancel(&silentError{w.limit}) }

// ask notes that the server is asked something within a transaction that has begun,
// or for the next row.
func (w *watch) ask() {
	if w.timer != nil && w.ctx.Err() == nil {
		w.timer.Reset(w.limit)
	}
}

// answered notes that the server has answered, and is not asked anything.
func (w *watch) answered() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

// rollback ends a transaction, for which a silent server is not waited either.
func (w *watch) rollback(tx *sql.Tx) {
	w.ask()
	_ = tx.Rollback()
}

// end frees what the watch holds. It returns an error where the server was given up.
func (w *watch) end() error {
	if w.timer != nil {
		w.timer.Stop()
	}
	var silent *silentError
	given := errors.As(context.Cause(w.ctx), &silent)
	w.cancel(nil)
	if !given {
		return nil
	}
	return silent
}
