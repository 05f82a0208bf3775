package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"syscall"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// sqliteEngine is one file on a local disk.
type sqliteEngine struct {
	path string
	wait time.Duration
}

func openSQLite(path string, o Options) (*sql.DB, engine, error) {
	if path == "" {
		return nil, nil, &PlaceError{errors.New("sqlite: the path is missing")}
	}
	e := &sqliteEngine{path: path, wait: o.Wait}
	switch info, err := os.Stat(path); {
	case errors.Is(err, os.ErrNotExist) && !o.Create:
		return nil, e, errors.New("there is no such file")
	case err == nil && info.IsDir():
		return nil, e, errors.New("it is a folder")
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return nil, e, err
	}
	// A commit is on the disk when it is acknowledged (synchronous FULL): what
	// was admitted stays so after a power failure. Writers lock at BEGIN, so
	// that none finds out in the middle that another was faster.
	name := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: url.Values{
		"_txlock": {"immediate"},
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", o.Wait.Milliseconds()),
			"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
			"cache_size(-65536)", // KiB, taken as needed: a large batch writes each page once
		},
	}.Encode()}).String()
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, e, err
	}
	db.SetMaxOpenConns(1)
	return db, e, nil
}

func (e *sqliteEngine) check() string { return `PRAGMA integrity_check` }

func (e *sqliteEngine) dialect() string { return "sqlite3" }

// lock takes a lock of the system on a file beside the registry: SQLite's own
// are of one transaction, and a migration is several.
func (e *sqliteEngine) lock(ctx context.Context, _ *sql.DB) (func(), error) {
	f, err := os.OpenFile(e.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(e.wait); ; {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) || time.Now().After(deadline) {
			f.Close()
			return nil, fmt.Errorf("lock %s.lock: %w", e.path, err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (e *sqliteEngine) begin(ctx context.Context, db *sql.DB, readOnly bool) (*sql.Tx, error) {
	return db.BeginTx(ctx, &sql.TxOptions{ReadOnly: readOnly})
}

func (e *sqliteEngine) fate(err error) fate {
	if code, ok := sqliteCode(err); ok {
		switch code & 0xff {
		case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
			return later
		}
	}
	return final
}

func (e *sqliteEngine) missingTable(err error) bool {
	code, ok := sqliteCode(err)
	return ok && code == lib.SQLITE_ERROR
}

func (e *sqliteEngine) explain(err error) error {
	code, ok := sqliteCode(err)
	if !ok {
		return nil
	}
	switch code & 0xff {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fmt.Errorf("another process keeps it locked (waited %s): %w", e.wait, err)
	case lib.SQLITE_NOTADB:
		return fmt.Errorf("not a SQLite database: %w", err)
	case lib.SQLITE_CORRUPT:
		return fmt.Errorf("the file is corrupt; restore a backup, or export what can be read: %w", err)
	case lib.SQLITE_FULL:
		return fmt.Errorf("the disk is full; nothing was changed: %w", err)
	case lib.SQLITE_READONLY, lib.SQLITE_PERM:
		return fmt.Errorf("the file cannot be written: %w", err)
	case lib.SQLITE_CANTOPEN:
		return fmt.Errorf("the file cannot be opened (does its folder exist, and may it be written?): %w", err)
	case lib.SQLITE_IOERR:
		return fmt.Errorf("the file cannot be read or written (is the disk full?); nothing was changed: %w", err)
	}
	return nil
}

func sqliteCode(err error) (int, bool) {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0, false
	}
	return e.Code(), true
}
