package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresEngine is a server that many builders share.
type postgresEngine struct {
	password string // to keep it out of messages
	wait     time.Duration
}

// openPostgres reads a URL; what pgx and libpq know (PGPASSWORD, a password
// file, sslmode) holds here too. Nothing is connected yet.
func openPostgres(place string, o Options) (*sql.DB, engine, string, error) {
	config, err := pgx.ParseConfig(place)
	if err != nil {
		// The parser's own words quote the URL.
		return nil, nil, "", &PlaceError{errors.New("the PostgreSQL URL cannot be parsed: want postgres://USER@HOST:PORT/DATABASE, with %XX for special characters")}
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "klplint"
	}
	// A statement is used once or twice in a process: preparing it would be
	// one more round trip, and poolers cannot keep it.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	// Several addresses are servers that take each other's place.
	hosts := []string{net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))}
	for _, f := range config.Fallbacks {
		if host := net.JoinHostPort(f.Host, strconv.Itoa(int(f.Port))); !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	name := "postgres://" + strings.Join(hosts, ",") + (&url.URL{Path: "/" + config.Database}).EscapedPath()
	if strings.HasPrefix(config.Host, "/") {
		name = "postgres:///" + config.Database + "?host=" + config.Host
	}
	// Several farms may share a database, each with a schema.
	if schema := config.RuntimeParams["search_path"]; schema != "" {
		name += map[bool]string{false: "?", true: "&"}[strings.Contains(name, "?")] + "search_path=" + url.QueryEscape(schema)
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(4)
	return db, &postgresEngine{password: config.Password, wait: o.Wait}, name, nil
}

func (e *postgresEngine) room() string { return "" }

func (e *postgresEngine) arrays() bool { return true }

func (e *postgresEngine) check() string { return "" }

func (e *postgresEngine) settled() error { return nil }

func (e *postgresEngine) dialect() string { return "postgres" }

// lockID is an arbitrary number that only klplint takes.
const lockID = 0x6b6c706c696e74

// lock takes a lock that lasts as long as a transaction: a pooler may give the
// session to somebody else behind each of them. Who waits for it holds no
// connection meanwhile, which the pooler may not have for all; the migration
// itself needs a second one. On an engine without such locks two migrations run
// into each other; the one that fails then finds the schema in place.
func (e *postgresEngine) lock(ctx context.Context, db *sql.DB) (func(), error) {
	for deadline := time.Now().Add(e.wait); ; {
		unlock, locked, err := e.tryLock(ctx, db)
		over := time.Now().After(deadline)
		switch {
		case locked:
			return unlock, nil
		case err != nil && (over || e.fate(err) == final):
			return nil, err
		case over:
			return nil, fmt.Errorf("another process has been bringing the schema up to date for %s", e.wait)
		}
		if err := pause(ctx, 6); err != nil {
			return nil, err
		}
	}
}

func (e *postgresEngine) tryLock(ctx context.Context, db *sql.DB) (unlock func(), locked bool, err error) {
	w := newWatch(ctx, e.silence(), e.silence())
	tx, err := db.BeginTx(w.ctx, nil)
	if err == nil {
		err = tx.QueryRowContext(w.ctx, `SELECT pg_try_advisory_xact_lock($1)`, int64(lockID)).Scan(&locked)
		var pg *pgconn.PgError
		if errors.As(err, &pg) && (pg.Code == "0A000" || pg.Code == "42883") { // not supported, no such function
			locked, err = true, nil
		}
	}
	if locked {
		w.answered()
		return func() {
			w.rollback(tx) // there is nothing in it, and the end of the connection does the same
			_ = w.end()
		}, true, nil
	}
	if tx != nil {
		w.rollback(tx)
	}
	if silent := w.end(); silent != nil {
		err = silent
	}
	return nil, false, err
}

// begin starts a transaction. One that writes is serializable; one that reads sees
// one snapshot, which suffices, because every writer changes the same row first,
// and which a standby server has too.
func (e *postgresEngine) begin(ctx context.Context, db *sql.DB, readOnly bool) (*sql.Tx, error) {
	level := sql.LevelSerializable
	if readOnly {
		level = sql.LevelRepeatableRead
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: level, ReadOnly: readOnly})
	if err != nil || readOnly {
		return tx, err
	}
	if err := e.limit(ctx, tx); err != nil {
		_ = tx.Rollback()
		return nil, err
	}
	return tx, nil
}

// limit makes the server give up on locks that others hold, and on whatever it is at
// for a client that has left: on the lock a little earlier than the client gives up the
// server, for it is to learn of it, and on the rest a little later.
func (e *postgresEngine) limit(ctx context.Context, tx *sql.Tx) error {
	wait := milliseconds(e.wait)
	_, err := tx.ExecContext(ctx, `SELECT set_config('lock_timeout', $1, true), set_config('statement_timeout', $2, true)`,
		strconv.Itoa(wait-wait/10), strconv.Itoa(min(wait, math.MaxInt32-1000)+1000))
	return err
}

// silence: a server that is stopped holds its connections open.
func (e *postgresEngine) silence() time.Duration { return e.wait }

// fate goes by the SQLSTATE. A lost connection may be tried again even at a
// commit, whose outcome is then not known: what is repeated finds its own
// work done.
func (e *postgresEngine) fate(err error) fate {
	var pg *pgconn.PgError
	var connect *pgconn.ConnectError
	switch {
	case errors.As(err, &pg):
		switch {
		case pg.Code == "40001", pg.Code == "40P01":
			return again
		case pg.Code == "40003": // whether it was committed is not known
			return later
		case pg.Code == "55P03", pg.Code == "53300": // a lock that others keep; too many connections
			return later
		case strings.HasPrefix(pg.Code, "57P0"): // shutdown, crash, starting up
			return later
		case strings.HasPrefix(pg.Code, "08") && !refusesPassword(pg):
			return later
		}
		return final
	case errors.As(err, &connect):
		// Nobody listens: a restart, or the wrong address.
		return later
	case lost(err):
		return later
	}
	return final
}

func lost(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.As(err, &op) || strings.Contains(err.Error(), "conn closed") || strings.Contains(err.Error(), "bad connection")
}

// refusesPassword: pgbouncer says so with the SQLSTATE of a broken protocol.
func refusesPassword(pg *pgconn.PgError) bool {
	return pg.Code == "28P01" || pg.Code == "28000" || pg.Code == "08P01" && strings.Contains(pg.Message, "authentication failed")
}

func (e *postgresEngine) missingTable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42P01"
}

// explain leaves out user names, addresses that were tried and all else that
// the driver adds to a refused connection.
func (e *postgresEngine) explain(err error) error {
	var pg *pgconn.PgError
	var connect *pgconn.ConnectError
	var dns *net.DNSError
	switch {
	case errors.As(err, &pg) && refusesPassword(pg):
		return fmt.Errorf("the server refuses user or password (SQLSTATE %s)", pg.Code)
	case errors.As(err, &pg) && pg.Code == "55P03":
		return fmt.Errorf("another session kept the registry locked for %s; nothing was changed (SQLSTATE %s)", e.wait, pg.Code)
	case errors.As(err, &pg) && (pg.Code == "25006" || pg.Code == "0A000" && strings.Contains(pg.Message, "standby")):
		return fmt.Errorf("the server is a standby, which can be read only; nothing was changed (SQLSTATE %s)", pg.Code)
	case errors.As(err, &pg) && pg.Code == "3D000":
		return fmt.Errorf("there is no such database (SQLSTATE %s)", pg.Code)
	case errors.As(err, &pg) && (pg.Code == "53100" || pg.Code == "53200"):
		return fmt.Errorf("the server is out of disk space or memory; nothing was changed (SQLSTATE %s)", pg.Code)
	case errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01"):
		return fmt.Errorf("other writers kept being faster; nothing was changed (SQLSTATE %s)", pg.Code)
	case errors.As(err, &pg):
		return errors.New(e.scrub(fmt.Sprintf("the server says: %s (SQLSTATE %s)", pg.Message, pg.Code)))
	case errors.As(err, &dns):
		return fmt.Errorf("the server's host name cannot be resolved")
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("no server listens there: %w", syscall.ECONNREFUSED)
	case errors.As(err, &connect):
		return errors.New(e.scrub("no connection: " + lastClause(connect)))
	case lost(err):
		return errors.New("the connection to the server was lost; what was to be done may be repeated")
	}
	return nil
}

// lastClause is the innermost cause.
func lastClause(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

func (e *postgresEngine) scrub(s string) string {
	if e.password == "" {
		return s
	}
	return strings.NewReplacer(e.password, "***", url.QueryEscape(e.password), "***", url.PathEscape(e.password), "***").Replace(s)
}
