package registry

import (
	"slices"
	"strings"
)

// changing are the columns that version 2 had in the rows of modules.
var changing = []string{"state", "changed_by", "changed_at", "replaced_by", "revision", "admitted", "digest"}

// migrate3 moves what changes of a module to a table of its own. What a run before
// has done, on an engine that does not take back what it had made, is not done again:
// columns are given up only when all of them have moved.
func migrate3(t *Tx) error {
	have, err := t.columns("module")
	if err != nil {
		return err
	}
	rest := slices.DeleteFunc(slices.Clone(changing), func(c string) bool { return !slices.Contains(have, c) })
	if len(rest) == len(changing) {
		statements := []string{`DROP INDEX IF EXISTS module_kernel`}
		for statement := range strings.SplitSeq(tables3, ";\n") {
			if before, after, found := strings.Cut(statement, " standing"); found && strings.Contains(before, "CREATE") {
				statements = append(statements, before+" IF NOT EXISTS standing"+after)
			}
		}
		statements = append(statements, `INSERT INTO standing (module, kernel, owner, stem, state, changed_by, changed_at, replaced_by, revision, admitted, digest)
SELECT id, kernel, owner, stem, state, changed_by, changed_at, replaced_by, revision, admitted, digest FROM module m
WHERE NOT EXISTS (SELECT 1 FROM standing s WHERE s.module = m.id)`)
		for _, statement := range statements {
			if err := t.exec(statement); err != nil {
				return err
			}
		}
	}
	for _, column := range rest {
		if err := t.exec(`ALTER TABLE module DROP COLUMN ` + column); err != nil {
			return err
		}
	}
	return nil
}

// columns are the names of those that a table has.
func (t *Tx) columns(table string) ([]string, error) {
	t.watch.ask()
	defer t.watch.answered()
	rows, err := t.tx.QueryContext(t.ctx, `SELECT * FROM `+table+` WHERE 1 = 0`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	return names, rows.Err()
}
