package registry

import "database/sql"

// Active calls f for each active entry of a kernel, of the channels given or of
// all, in the order in which they were added.
func (t *Tx) Active(k Kernel, channels []string, f func(*Entry) error) error {
	c := &conditions{}
	c.add(`kernel = (SELECT id FROM kernel WHERE release = ? AND arch = ?) AND state = 'active'`, k.Release, string(k.Arch))
	if len(channels) > 0 {
		c.in(`channel`, words(channels)...)
	}
	return t.each(func(rows *sql.Rows) error {
		e, err := scanEntry(rows)
		if err != nil {
			return Abort(err)
		}
		return f(e)
	}, `SELECT `+columns+` FROM module`+c.where()+` ORDER BY id`, c.args...)
}
