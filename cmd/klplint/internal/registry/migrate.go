package registry

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// schemaVersion is the newest migration that this program knows.
const schemaVersion = 3

// errOld: the schema is to be brought up to date.
var errOld = errors.New("an older schema")

const schemaTable = "klplint_schema"

// migrate brings the schema up to date. The usual case, that it is, costs one
// statement.
func (r *Registry) migrate(ctx context.Context, o Options) error {
	have, err := r.version(ctx)
	if err != nil {
		return err
	}
	if have == schemaVersion {
		return nil
	}
	if have > schemaVersion {
		return fmt.Errorf("its schema is version %d, and this klplint knows versions up to %d: use a newer klplint", have, schemaVersion)
	}
	if have == 0 && !o.Create {
		return ErrNone
	}
	if o.ReadOnly {
		return errOld
	}
	// Without the lock two first starts would both create the tables.
	unlock, err := r.engine.lock(ctx, r.db)
	if err != nil {
		return err
	}
	defer unlock()
	for deadline := time.Now().Add(r.wait); ; {
		silent, err := r.up(ctx)
		if err == nil {
			return nil
		}
		if silent != nil {
			return silent
		}
		// On an engine without the lock another process is at it.
		if now, again := r.version(ctx); again == nil && now == schemaVersion {
			return nil
		}
		if time.Now().After(deadline) || r.engine.silence() == 0 || ctx.Err() != nil {
			return fmt.Errorf("schema: %w", err)
		}
		if err := pause(ctx, 6); err != nil {
			return err
		}
	}
}

// up runs the migrations that are missing. silent says that the server fell silent
// meanwhile: each statement is watched as those of a transaction are.
func (r *Registry) up(ctx context.Context) (silent, err error) {
	w := newWatch(ctx, r.engine.silence(), r.engine.silence())
	defer func() { silent = w.end() }()
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	step := func(version int64, f func(*Tx) error) *goose.Migration {
		return goose.NewGoMigration(version, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
			defer w.ask() // for the commit
			return f(&Tx{ctx: ctx, tx: tx, watch: w, arrays: r.engine.arrays()})
		}}, nil)
	}
	p, err := goose.NewProvider(goose.Dialect(r.engine.dialect()), r.db, folder, goose.WithTableName(schemaTable), goose.WithDisableGlobalRegistry(true),
		goose.WithGoMigrations(step(2, migrate2), step(3, migrate3)))
	if err != nil {
		return nil, err
	}
	_, err = p.Up(w.ctx)
	return nil, err
}

// version returns 0 for a database without tables. The server may be starting up.
func (r *Registry) version(ctx context.Context) (int64, error) {
	var v sql.NullInt64
	err := r.persist(ctx, func(w *watch) error {
		err := r.db.QueryRowContext(w.ctx, `SELECT max(version_id) FROM `+schemaTable).Scan(&v)
		if err != nil && r.engine.missingTable(err) {
			v.Int64, err = 0, nil
		}
		return err
	})
	return v.Int64, err
}
