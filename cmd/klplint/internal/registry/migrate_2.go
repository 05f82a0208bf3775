package registry

import (
	"database/sql"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

//go:embed schema/3.sql
var tables3 string

// migrate2 makes the tables of version 3 and moves what those of version 1 have:
// the flags of the kernel come out of the documents, and so does the compact
// form. Nothing is left for migrate3. What version 1 recorded has no verdict, and counts as not judged.
func migrate2(t *Tx) error {
	t.UUID = uuid.NewString()
	for _, index := range []string{"module_stem", "module_set", "module_field", "module_name", "item_module", "label_module"} {
		if err := t.exec(`DROP INDEX ` + index); err != nil {
			return err
		}
	}
	for _, table := range []string{"registry", "kernel", "module", "item", "label"} {
		if err := t.exec(`ALTER TABLE ` + table + ` RENAME TO ` + table + `_1`); err != nil {
			return err
		}
	}
	for statement := range strings.SplitSeq(tables3, ";\n") {
		if err := t.exec(statement); err != nil {
			return err
		}
	}
	if err := t.row(`SELECT revision, next_id FROM registry_1`, &t.Revision, &t.nextID); err != nil {
		return err
	}
	moved, err := t.move1()
	if err != nil {
		return err
	}
	// An empty registry has no history.
	if moved > 0 {
		if err := t.log(Event{At: time.Now().UTC().Format(time.RFC3339), Action: Migrated, Reason: fmt.Sprintf("schema 1 to 2, %d modules", moved)}); err != nil {
			return err
		}
		t.Revision++
	}
	err = t.exec(`INSERT INTO registry (one, uuid, revision, next_id, log_head, digest) VALUES (1, $1, $2, $3, $4, $5)`, t.UUID, t.Revision, t.nextID, t.logHead, t.seal(t.Revision))
	if err != nil {
		return err
	}
	for _, table := range []string{"label", "item", "module", "kernel", "registry"} {
		if err := t.exec(`DROP TABLE ` + table + `_1`); err != nil {
			return err
		}
	}
	return nil
}

// move1 moves the modules, in pages.
func (t *Tx) move1() (moved int, err error) {
	const page = 200
	for last := int64(0); ; {
		var entries []*Entry
		err := t.each(func(rows *sql.Rows) error {
			var e Entry
			var labels, document string
			if err := rows.Scan(&e.id, &e.Channel, &e.Owner, &e.State, &e.AddedBy, &e.AddedAt, &e.ChangedBy, &e.ChangedAt, &e.ReplacedBy, &e.Revision, &labels, &document); err != nil {
				return err
			}
			last = e.id
			var err error
			if e.Module, err = decode([]byte(document)); err != nil {
				return fmt.Errorf("module %d: %w", e.id, err)
			}
			if labels != "{}" {
				if err := json.Unmarshal([]byte(labels), &e.Labels); err != nil {
					return fmt.Errorf("module %d: labels: %w", e.id, err)
				}
			}
			entries = append(entries, &e)
			return nil
		}, `SELECT id, channel, owner, state, added_by, added_at, changed_by, changed_at, replaced_by, revision, labels, document FROM module_1 WHERE id > $1 ORDER BY id LIMIT 200`, last)
		if err != nil {
			return moved, err
		}
		if err := t.insert(entries); err != nil {
			return moved, err
		}
		moved += len(entries)
		if len(entries) < page {
			return moved, nil
		}
	}
}
