package registry

import "database/sql"

// Subject is a file that a verdict is about.
type Subject struct {
	Existing
	SHA256 string // of the file, which may be signed where the recorded one is not
}

// Statement returns the statement of the one verdict that is about all of the
// subjects under a policy, given by its digest; "" where there is none, or not
// one for all.
func (t *Tx) Statement(policy string, subjects []Subject) (string, error) {
	var one int64
	for _, s := range subjects {
		var id int64
		err := t.each(func(rows *sql.Rows) error { return rows.Scan(&id) },
			`SELECT verdict FROM judgement WHERE module = $1 AND sha256 = $2 AND policy = $3`, s.id, s.SHA256, policy)
		if err != nil {
			return "", err
		}
		if id == 0 || one != 0 && id != one {
			return "", nil
		}
		one = id
	}
	statement := ""
	err := t.each(func(rows *sql.Rows) error { return rows.Scan(&statement) }, `SELECT statement FROM verdict WHERE id = $1`, one)
	return statement, err
}

// Record keeps the statement of a verdict about entries, which are recorded.
// What verdicts of that policy said about the same files before is forgotten.
func (t *Tx) Record(policy, statement string, entries []*Entry) error {
	known, err := t.Lookup(entries)
	if err != nil {
		return err
	}
	id := t.nextID
	t.nextID++
	err = t.exec(`INSERT INTO verdict (id, revision, statement, digest) VALUES ($1, $2, $3, $4)`,
		id, t.Next(), statement, digestOf(decimal(id), decimal(t.Next()), statement))
	if err != nil {
		return err
	}
	seen := make(map[judgement]bool)
	b := t.batch(`judgement (module, sha256, policy, verdict, digest)`, 200)
	for i, e := range entries {
		x, ok := known[i]
		j := judgement{x.id, e.Module.SHA256, policy, id}
		if !ok || seen[j] {
			continue // a copy of another one
		}
		seen[j] = true
		if err := t.exec(`DELETE FROM judgement WHERE module = $1 AND sha256 = $2 AND policy = $3`, j.module, j.sha256, j.policy); err != nil {
			return err
		}
		b.add(j.module, j.sha256, j.policy, j.verdict, j.digest())
	}
	return b.flush()
}

type judgement struct {
	module         int64
	sha256, policy string
	verdict        int64
}

func (j *judgement) digest() string {
	return digestOf(decimal(j.module), j.sha256, j.policy, decimal(j.verdict))
}
