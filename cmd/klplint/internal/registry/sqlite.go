package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// sqliteEngine is one file on a local disk.
type sqliteEngine struct {
	path   string
	wait   time.Duration
	frozen bool         // may not be written
	tight  bool         // see Options
	before [2]fileStamp // when it was opened
}

func openSQLite(path string, o Options) (*sql.DB, engine, error) {
	if path == "" {
		return nil, nil, &PlaceError{errors.New("sqlite: the path is missing")}
	}
	if strings.HasPrefix(path, ":memory:") || strings.HasPrefix(path, "file:") {
		return nil, nil, &PlaceError{errors.New("sqlite: want the path of a file")}
	}
	e := &sqliteEngine{path: path, wait: o.Wait, tight: o.Tight}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist) && !o.Create:
		return nil, e, fmt.Errorf("%w: there is no such file", ErrNone)
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return nil, e, err
	case info.IsDir():
		return nil, e, errors.New("it is a folder")
	case !info.Mode().IsRegular():
		return nil, e, errors.New("it is no regular file")
	case info.Size() == 0 && !o.Create:
		return nil, e, fmt.Errorf("%w: the file is empty", ErrNone)
	}
	e.frozen = o.ReadOnly && unix.Access(path, unix.W_OK) != nil
	db, err := sql.Open("sqlite", e.dsn(o))
	if err != nil {
		return nil, e, err
	}
	db.SetMaxOpenConns(1)
	e.before = e.stamp()
	return db, e, nil
}

// dsn is the name by which the driver opens the file.
func (e *sqliteEngine) dsn(o Options) string {
	q := url.Values{"_pragma": {fmt.Sprintf("busy_timeout(%d)", milliseconds(o.Wait))}}
	if !e.frozen && !o.Whole {
		// Pages are read where they lie, and not copied into a cache of our own: a
		// gate reads each once. What was read counts as memory of the process.
		q.Add("_pragma", "mmap_size(268435456)")
	}
	switch {
	case e.frozen:
		q.Set("mode", "ro")
		// Beside a file that is in use lie two others; where they do not, SQLite
		// would have to make them. Whether it was used meanwhile is seen at the end.
		if info, err := os.Stat(e.path + "-wal"); err != nil || info.Size() == 0 {
			q.Set("immutable", "1")
		}
	case o.ReadOnly:
		q.Add("_pragma", "query_only(1)")
	default:
		// A commit is on the disk when it is acknowledged (synchronous FULL): what
		// was admitted stays so after a power failure. Writers lock at BEGIN, so
		// that none finds out in the middle that another was faster.
		q.Set("_txlock", "immediate")
		q["_pragma"] = append(q["_pragma"], "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
			"temp_store(MEMORY)") // what one statement has changed so far, in case that it fails
		if o.Whole {
			// Pages that batch after batch changes go from the log to the file once for
			// many of them: every 64 MiB.
			q["_pragma"] = append(q["_pragma"], "wal_autocheckpoint(16384)")
		}
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: e.path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

// stamp tells whether the file was written.
func (e *sqliteEngine) stamp() (s [2]fileStamp) {
	for i, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(e.path + suffix); err == nil {
			s[i] = fileStamp{info.Size(), info.ModTime()}
		}
	}
	return s
}

type fileStamp struct {
	size int64
	at   time.Time
}

// settled is an error where a file that may not be written, and is read without
// a lock, was written by somebody else meanwhile.
func (e *sqliteEngine) settled() error {
	if e.frozen && e.stamp() != e.before {
		return errors.New("the file was written while it was read: do it again")
	}
	return nil
}

// room: a large batch writes each page once. Half as many bytes are asked for as the
// memory that the driver's allocator takes for them, as needed.
func (e *sqliteEngine) room() string {
	kib := 32 << 10
	if e.tight {
		kib = 13 << 10
	}
	return fmt.Sprintf(`PRAGMA cache_size = -%d`, kib)
}

func (e *sqliteEngine) check() string { return `PRAGMA integrity_check` }

// silence: waiting for a lock is bounded by busy_timeout.
func (e *sqliteEngine) silence() time.Duration { return 0 }

func (e *sqliteEngine) dialect() string { return "sqlite3" }

func (e *sqliteEngine) arrays() bool { return false }

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
