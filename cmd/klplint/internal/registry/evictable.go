package registry

import "database/sql"

// Active calls f for each active entry of a kernel, of the channels given or of
// all, in the order in which they were added.
func (t *Tx) Active(k Kernel, channels []string, f func(*Entry) error) error {
	id, found, err := t.kernel(k)
	if err != nil || !found {
		return err
	}
	where := (&search{Tx: t, kernel: id, channels: channels}).active("")
	return t.each(func(rows *sql.Rows) error {
		e, err := scanEntry(rows)
		if err != nil {
			return Abort(err)
		}
		return f(e)
	}, `SELECT `+columns+` FROM module`+where.where()+` ORDER BY id`, where.args...)
}
