package registry

import (
	"database/sql"
	"encoding/json"
	"strings"
)

// Explain answers a question and gives each of its queries to f with the
// server's plan and the milliseconds that it took there. PostgreSQL only.
func (t *Tx) Explain(q Question, f func(query, plan string, ms float64)) error {
	var queries []string
	var args [][]any
	traced := *t
	traced.trace = func(query string, a []any) { queries, args = append(queries, query), append(args, a) }
	if _, err := traced.Related(q); err != nil {
		return err
	}
	for i, query := range queries {
		var plan strings.Builder
		err := t.each(func(rows *sql.Rows) error {
			var text string
			err := rows.Scan(&text)
			plan.WriteString(text)
			return err
		}, `EXPLAIN (ANALYZE, FORMAT JSON) `+query, args[i]...)
		if err != nil {
			return err
		}
		var times []struct {
			Planning  float64 `json:"Planning Time"`
			Execution float64 `json:"Execution Time"`
		}
		if err := json.Unmarshal([]byte(plan.String()), &times); err != nil || len(times) == 0 {
			return Abort(err)
		}
		f(query, nodes(plan.String()), times[0].Planning+times[0].Execution)
	}
	return nil
}

// nodes keeps the lines of a plan that name what is read and how.
func nodes(plan string) string {
	var out []string
	for line := range strings.Lines(plan) {
		for _, key := range []string{`"Node Type"`, `"Index Name"`, `"Actual Rows"`, `"Planning Time"`, `"Execution Time"`} {
			if strings.Contains(line, key) {
				out = append(out, strings.TrimSpace(line))
			}
		}
	}
	return strings.Join(out, " ")
}
