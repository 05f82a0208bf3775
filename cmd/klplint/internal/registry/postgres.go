package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresEngine is a server that many builders share.
type postgresEngine struct {
	password string // to keep it out of messages
}

// openPostgres reads a URL; what pgx and libpq know (PGPASSWORD, a password
// file, sslmode) holds here too. Nothing is connected yet.
func openPostgres(place string) (*sql.DB, engine, string, error) {
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
	name := (&url.URL{Scheme: "postgres", Host: net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))), Path: config.Database}).String()
	if strings.HasPrefix(config.Host, "/") {
		name = "postgres:///" + config.Database + "?host=" + config.Host
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(4)
	return db, &postgresEngine{password: config.Password}, name, nil
}

func (e *postgresEngine) check() string { return "" }

func (e *postgresEngine) settled() error { return nil }

func (e *postgresEngine) dialect() string { return "postgres" }

// lockID is an arbitrary number that only klplint takes.
const lockID = 0x6b6c706c696e74

// lock takes a lock of the session. An engine without it lets two migrations
// run into each other; the one that fails then finds the schema in place.
func (e *postgresEngine) lock(ctx context.Context, db *sql.DB) (func(), error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(lockID)); err != nil {
		conn.Close()
		return nil, err
	}
	return func() {
		// The end of the session frees the lock if this fails.
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(lockID))
		conn.Close()
	}, nil
}

func (e *postgresEngine) begin(ctx context.Context, db *sql.DB, readOnly bool) (*sql.Tx, error) {
	return db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: readOnly})
}

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
		case strings.HasPrefix(pg.Code, "57P0"): // shutdown, crash, starting up
			return later
		case strings.HasPrefix(pg.Code, "08"):
			return later
		}
		return final
	case errors.As(err, &connect):
		// Nobody listens: a restart, or the wrong address. Waiting is for who
		// was connected before.
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
	case errors.As(err, &pg) && (pg.Code == "28P01" || pg.Code == "28000"):
		return fmt.Errorf("the server refuses user or password (SQLSTATE %s)", pg.Code)
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
