package registry

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// batch gathers rows and inserts many with one statement.
type batch struct {
	tx   *Tx
	into string
	size int
	rows [][]any
}

func (t *Tx) batch(into string, size int) *batch {
	return &batch{tx: t, into: into, size: size}
}

func (b *batch) add(values ...any) { b.rows = append(b.rows, values) }

func (b *batch) flush() error {
	for part := range slices.Chunk(b.rows, b.size) {
		table, args := b.tx.constants(part)
		if err := b.tx.exec("INSERT INTO "+b.into+" "+table, args...); err != nil {
			return err
		}
	}
	return nil
}

// constants is a table of rows as an expression with which a statement may begin, and its
// parameters, which are the first: each is an int64, a string or bytes, as in the first
// row. Where the engine has arrays a column is one parameter, however many rows there are;
// reading a statement with thousands of them takes PostgreSQL half as long as what it says.
// SQLite looks up a numbered parameter among all that came before it.
func (t *Tx) constants(rows [][]any) (expression string, args []any) {
	if !t.arrays {
		row := ",(" + strings.Repeat("?,", len(rows[0])-1) + "?)"
		return "VALUES " + strings.Repeat(row, len(rows))[1:], slices.Concat(rows...)
	}
	columns := make([]string, len(rows[0]))
	for i, first := range rows[0] {
		var kind string
		switch first.(type) {
		case int64:
			kind, args = "bigint", append(args, column[int64](rows, i))
		case string:
			kind, args = "text", append(args, column[string](rows, i))
		default:
			kind, args = "bytea", append(args, column[[]byte](rows, i))
		}
		columns[i] = fmt.Sprintf("$%d::%s[]", i+1, kind)
	}
	return "SELECT * FROM unnest(" + strings.Join(columns, ",") + ")", args
}

func column[T any](rows [][]any, i int) []T {
	out := make([]T, len(rows))
	for j, row := range rows {
		out[j] = row[i].(T)
	}
	return out
}

// tuple is "($first,...)" of n parameters.
func tuple(first, n int) string {
	b := []byte{'('}
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '$')
		b = strconv.AppendInt(b, int64(first+i), 10)
	}
	return string(append(b, ')'))
}
