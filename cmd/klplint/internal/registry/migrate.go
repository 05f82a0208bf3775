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
const schemaVersion = 2

// errOld: the schema is to be brought up to date.
var errOld = errors.New("an older schema")

const schemaTable = "klplint_schema"

// migrate brings the schema up to date. The usual case, that it is, costs one
// statement.
func (r *Registry) migrate(ctx context.Context, o Options) error {
	have, err := r.persist(ctx, r.version)
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
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.Dialect(r.engine.dialect()), r.db, folder, goose.WithTableName(schemaTable), goose.WithDisableGlobalRegistry(true),
		goose.WithGoMigrations(goose.NewGoMigration(2, &goose.GoFunc{RunTx: r.migrate2}, nil)))
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		if now, again := r.version(ctx); again == nil && now == schemaVersion {
			return nil // another process was faster, on an engine without the lock
		}
		return fmt.Errorf("schema: %w", err)
	}
	return nil
}

// version returns 0 for a database without tables.
func (r *Registry) version(ctx context.Context) (int64, error) {
	var v sql.NullInt64
	err := r.db.QueryRowContext(ctx, `SELECT max(version_id) FROM `+schemaTable).Scan(&v)
	if err != nil && r.engine.missingTable(err) {
		return 0, nil
	}
	return v.Int64, err
}

// persist asks again while the server starts up, or another process holds the lock.
func (r *Registry) persist(ctx context.Context, ask func(context.Context) (int64, error)) (int64, error) {
	for deadline := time.Now().Add(r.wait); ; {
		v, err := ask(ctx)
		if err == nil || r.engine.fate(err) == final || neverConnected(err) || time.Now().After(deadline) {
			return v, err
		}
		if err := pause(ctx, 1); err != nil {
			return 0, err
		}
	}
}
