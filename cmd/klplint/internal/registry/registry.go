package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Options of Open.
type Options struct {
	// Create makes the registry where there is none. Without it that is
	// ErrNone: what is not there admits nothing, and a misspelt path is no empty
	// registry.
	Create bool
	// ReadOnly serves Read alone. A file that may not be written can be read
	// then, on whatever it lies.
	ReadOnly bool
	// Whole: much of the registry will be read, and memory is not to grow with it.
	Whole bool
	// Tight takes less than half the memory for what a transaction changes. It has much beside it.
	Tight bool
	// Wait bounds how long a transaction waits for another's lock, for a server
	// that is starting up, for one that was lost on the way, and for the answer to
	// each statement. 0 means 30 s.
	Wait time.Duration
}

// ErrNone says that a place has no registry.
var ErrNone = errors.New("there is no registry")

// Registry is an open registry. Several goroutines may use it; each
// transaction has a connection of its own.
type Registry struct {
	db     *sql.DB
	engine engine
	name   string        // without credentials
	wait   time.Duration // see Options
}

// engine is what the two databases do differently.
type engine interface {
	// lock keeps other processes from migrating until unlock is called.
	lock(ctx context.Context, db *sql.DB) (unlock func(), err error)
	// dialect is goose's name of the engine.
	dialect() string
	begin(ctx context.Context, db *sql.DB, readOnly bool) (*sql.Tx, error)
	// silence is how long a server may take until it answers; 0 where there is no
	// server.
	silence() time.Duration
	// fate says whether a transaction that failed so may be tried again.
	fate(err error) fate
	// explain says in the engine's own terms what went wrong; nil where the
	// error says it well enough. It never has a credential.
	explain(err error) error
	// room is the statement that makes room for what a transaction changes, before it
	// changes anything: what only reads does not take the memory. "" for none.
	room() string
	// arrays reports whether a parameter may be a list of values.
	arrays() bool
	// check is the statement that looks for damage in the file, "ok" for none;
	// "" where the engine looks by itself.
	check() string
	// settled is an error where what was read may not have been one state.
	settled() error
	// missingTable reports that a statement named a table that does not exist.
	missingTable(err error) bool
}

// fate is what becomes of a transaction that failed.
type fate int8

const (
	final fate = iota // for good
	again             // another writer was faster
	later             // the server or the lock is not to be had at the moment
)

// Open opens the registry that a place names: "sqlite:PATH", or a PostgreSQL
// URL "postgres://...". It brings the schema up to date where that is needed.
// Errors name the place without user and password.
func Open(ctx context.Context, place string, o Options) (*Registry, error) {
	if o.Wait <= 0 {
		o.Wait = 30 * time.Second
	}
	r := &Registry{wait: o.Wait}
	var err error
	switch scheme, rest, _ := strings.Cut(place, ":"); scheme {
	case "sqlite":
		r.name = place
		r.db, r.engine, err = openSQLite(rest, o)
	case "postgres", "postgresql":
		r.db, r.engine, r.name, err = openPostgres(place, o)
	default:
		return nil, &PlaceError{errors.New("want sqlite:PATH or postgres://HOST/DATABASE")}
	}
	if err != nil {
		return nil, r.explain(err)
	}
	switch err := r.migrate(ctx, o); {
	case errors.Is(err, errOld):
		// Bringing it up to date is a change.
		r.db.Close()
		o.ReadOnly = false
		return Open(ctx, place, o)
	case err != nil:
		r.db.Close()
		return nil, r.explain(err)
	}
	return r, nil
}

// PlaceError says that the name of a registry makes no sense. It does not
// repeat the name, which may hold a password.
type PlaceError struct{ Err error }

// Error says what a name looks like.
func (e *PlaceError) Error() string { return "registry: " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *PlaceError) Unwrap() error { return e.Err }

// Close ends all connections.
func (r *Registry) Close() error { return r.db.Close() }

// Name is the place of the registry, without user and password.
func (r *Registry) Name() string { return r.name }

func (r *Registry) explain(err error) error {
	if place := (*PlaceError)(nil); errors.As(err, &place) {
		return err
	}
	if r.engine != nil {
		if better := r.engine.explain(err); better != nil {
			err = better
		}
	}
	if r.name == "" {
		return fmt.Errorf("registry: %w", err)
	}
	return fmt.Errorf("registry %s: %w", r.name, err)
}

// DefaultPlace is the file that is used where no registry is named, in the
// state folder of the XDG base directories. create makes the folder.
func DefaultPlace(getenv func(string) string, create bool) (string, error) {
	state := getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) { // a relative one is to be ignored
		home := getenv("HOME")
		if home == "" {
			return "", errors.New("registry: neither XDG_STATE_HOME nor HOME is set: name one with --registry")
		}
		state = filepath.Join(home, ".local", "state")
	}
	folder := filepath.Join(state, "klplint")
	if create {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return "", fmt.Errorf("registry: %w", err)
		}
	}
	return "sqlite:" + filepath.Join(folder, "registry.db"), nil
}

// milliseconds is a time as both engines take it: at least one, and at most what 32
// bits hold, which is 24 days.
func milliseconds(d time.Duration) int {
	return int(min(max(1, d.Milliseconds()), math.MaxInt32))
}
