package registry

import (
	"cmp"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"github.com/klplint/klplint/klp"
)

// Question asks for the active modules that matter to candidates of one kernel.
type Question struct {
	Kernel     Kernel
	Channels   []string // compare with these only; empty means all
	Candidates []Asking
	// MaxEvicted is how many modules that a candidate evicts are all compared;
	// 0 means 256.
	MaxEvicted int
}

// Asking is one candidate.
type Asking struct {
	Module *klp.Module
	Owner  string
}

// Related are the entries that answer a Question, in the order in which they
// were added.
type Related struct {
	Entries []*Entry
	// Sampled: a candidate evicts more than MaxEvicted modules. Of those that
	// share nothing with it some are here, enough for every rule that would
	// speak to speak, and its counts then are too low.
	Sampled bool
}

// witnesses is how many of more than MaxEvicted modules each rule is given.
const witnesses = 8

// Related returns the active modules that the set rules need to judge the
// candidates as they would against all active modules of the kernel. Package
// gate says why these are enough.
func (t *Tx) Related(q Question) (*Related, error) {
	kernel, found, err := t.kernel(q.Kernel)
	if err != nil || !found {
		return &Related{}, err
	}
	s := &search{Tx: t, kernel: kernel, channels: q.Channels, entries: make(map[int64]*Entry), asked: make(map[item]bool), most: cmp.Or(q.MaxEvicted, 256)}
	if err := s.sharing(q.Candidates); err != nil {
		return nil, err
	}
	for _, c := range q.Candidates {
		if err := s.evicted(c); err != nil {
			return nil, err
		}
	}
	if err := s.load(); err != nil {
		return nil, err
	}
	if err := s.covering(q.Candidates); err != nil {
		return nil, err
	}
	if err := s.newest(); err != nil {
		return nil, err
	}
	out := &Related{Sampled: s.sampled}
	for _, e := range s.entries {
		out.Entries = append(out.Entries, e)
	}
	slices.SortFunc(out.Entries, func(a, b *Entry) int { return cmp.Compare(a.id, b.id) })
	return out, nil
}

// search gathers ids, and loads what it does not have yet.
type search struct {
	*Tx
	kernel   int64
	channels []string
	most     int // see Question.MaxEvicted
	wanted   []int64
	entries  map[int64]*Entry
	fields   []string // the replace fields that occur: a model passes over modules with others than its own
	asked    map[item]bool
	sampled  bool
	swept    bool // all that is active is wanted or sampled
}

// active begins a query for active modules of the kernel and the channels.
func (s *search) active(table string) *conditions { return s.activeAfter(0, table) }

// activeAfter is active for a part of a statement that has parameters before it.
func (s *search) activeAfter(base int, table string) *conditions {
	c := &conditions{base: base}
	c.add(table+`kernel = ? AND `+table+`state = 'active'`, s.kernel)
	if len(s.channels) > 0 {
		c.in(table+`channel`, words(s.channels)...)
	}
	return c
}

func (s *search) want(query string, args ...any) (int, error) {
	n := 0
	err := s.each(func(rows *sql.Rows) error {
		var id sql.NullInt64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		if id.Valid {
			s.wanted = append(s.wanted, id.Int64)
			n++
		}
		return nil
	}, query, args...)
	return n, err
}

// sharing wants every module that has an item in common with a candidate, and
// one module of each replace field, from which the models follow.
func (s *search) sharing(candidates []Asking) error {
	var items []item
	for _, c := range candidates {
		items = append(items, itemsOf(c.Module)...)
	}
	if err := s.having(items); err != nil {
		return err
	}
	c := s.active("m.")
	return s.each(func(rows *sql.Rows) error {
		var field string
		var id sql.NullInt64
		if err := rows.Scan(&field, &id); err != nil {
			return err
		}
		if id.Valid {
			s.fields, s.wanted = append(s.fields, field), append(s.wanted, id.Int64)
		}
		return nil
	}, `WITH fields (field) AS (VALUES ('`+strings.Join(replaceFields[:], `'),('`)+`'))
SELECT field, (SELECT m.id FROM module m`+c.where()+` AND m.replace_field = fields.field ORDER BY m.id LIMIT 1) FROM fields ORDER BY field`, c.args...)
}

// having wants every module that has one of the items.
func (s *search) having(items []item) error {
	items = slices.DeleteFunc(items, func(it item) bool {
		known := s.asked[it]
		s.asked[it] = true
		return known
	})
	for part := range slices.Chunk(items, 500) {
		args := []any{s.kernel}
		var rows strings.Builder
		for i, it := range part {
			row := tuple(len(args)+1, 4)
			if i == 0 {
				// The first row settles the columns' types.
				row = strings.Replace(row, "$5", "CAST($5 AS BIGINT)", 1)
			} else {
				rows.WriteByte(',')
			}
			rows.WriteString(row)
			args = append(args, it.kind, it.value, it.object, it.position)
		}
		query := `WITH wanted (kind, value, object, position) AS (VALUES ` + rows.String() + `)
SELECT DISTINCT i.module FROM wanted w CROSS JOIN item i
WHERE i.kernel = $1 AND i.active = 1 AND i.kind = w.kind AND i.value = w.value AND i.object = w.object AND i.position = w.position`
		if _, err := s.want(query, args...); err != nil {
			return err
		}
	}
	return nil
}

// covering wants the modules that patch what a module patches that a candidate
// evicts by a set number: while they stay, the func is not dropped. What a
// candidate evicts under mainline leaves nothing that could stay.
func (s *search) covering(candidates []Asking) error {
	var numbers []uint32
	for _, c := range candidates {
		numbers = append(numbers, setsOf(&c.Module.Replace)...)
	}
	if len(numbers) == 0 {
		return nil
	}
	var items []item
	for _, e := range s.entries {
		if slices.ContainsFunc(setsOf(&e.Module.Replace), func(n uint32) bool { return slices.Contains(numbers, n) }) {
			for _, it := range itemsOf(e.Module) {
				if it.kind == kindFunc {
					items = append(items, it)
				}
			}
		}
	}
	if err := s.having(items); err != nil {
		return err
	}
	return s.load()
}

// evicted wants what a load of the candidate may evict. Under set models that
// shares a set number with it, and is wanted already. Where bool replace is
// true, or may be, it is all that is active.
func (s *search) evicted(c Asking) error {
	r := &c.Module.Replace
	if s.swept && !s.sampled || r.Kind == klp.KindFlag && !r.Flag && r.Known() || (r.Kind == klp.KindSet || r.Kind == klp.KindSets) && r.Known() {
		return nil
	}
	if !s.swept {
		s.swept = true
		before := len(s.wanted)
		where := s.active("")
		n, err := s.want(`SELECT id FROM module`+where.where()+` LIMIT `+strconv.Itoa(s.most+1), where.args...)
		if err != nil || n <= s.most {
			return err
		}
		s.wanted, s.sampled = s.wanted[:before], true
	}
	if err := s.otherStates(c.Module); err != nil {
		return err
	}
	for _, field := range s.fields {
		if err := s.otherOwners(c.Owner, field); err != nil {
			return err
		}
		if err := s.droppedFuncs(c.Module, field); err != nil {
			return err
		}
	}
	return nil
}

// otherOwners wants modules with one replace field that belong to somebody else.
func (s *search) otherOwners(owner, field string) error {
	if owner == "" {
		return nil
	}
	for _, side := range []string{`owner < ?`, `owner > ?`} {
		where := s.active("")
		where.add(side, owner)
		where.add(`owner <> '' AND replace_field = ?`, field)
		if _, err := s.want(`SELECT id FROM module`+where.where()+` ORDER BY owner, stem, age LIMIT 8`, where.args...); err != nil {
			return err
		}
	}
	return nil
}

// otherStates wants modules with states that the candidate lacks, of each replace
// field one.
func (s *search) otherStates(m *klp.Module) error {
	where := s.active("m.")
	where.add(`i.kernel = ? AND i.active = 1 AND i.kind = 'state'`, s.kernel)
	var have []any
	for _, st := range m.Patch.States {
		if st.ID == 0 {
			break
		}
		have = append(have, numberItem(kindState, st.ID).value)
	}
	if len(have) > 0 {
		where.in(`i.value NOT`, have...)
	}
	_, err := s.want(`SELECT min(i.module) FROM item i JOIN module m ON m.id = i.module`+where.where()+` GROUP BY i.value, m.replace_field ORDER BY i.value, m.replace_field LIMIT `+strconv.Itoa(8*len(replaceFields)), where.args...)
	return err
}

// droppedFuncs wants modules with one replace field that are the newest of their
// lineage and patch something that the candidate does not. Pages are read until
// there are enough: a candidate that covers nearly all of many lineages takes as long
// as it takes.
func (s *search) droppedFuncs(m *klp.Module, field string) error {
	mine, objects := make(map[item]bool), make(map[item]bool)
	for _, it := range itemsOf(m) {
		mine[it] = true
	}
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		objects[funcItem(o.Name, o.Literal, "", 0)] = true
	}
	drops := func(other *klp.Module) bool {
		for i := range other.Patch.Objects {
			o := &other.Patch.Objects[i]
			if len(o.Funcs) == 0 && len(o.Callbacks) > 0 && !objects[funcItem(o.Name, o.Literal, "", 0)] {
				return true
			}
			for j := range o.Funcs {
				if f := &o.Funcs[j]; f.Name != "" && !mine[funcItem(o.Name, o.Literal, f.Name, f.Position())] {
					return true
				}
			}
		}
		return false
	}
	const page = 32
	var after [4]string
	for count := 0; ; {
		where := s.active("m.")
		where.add(`m.replace_field = ? AND (m.owner, m.stem, m.age, m.sha256) > (?, ?, ?, ?)`, field, after[0], after[1], after[2], after[3])
		newer := &conditions{args: where.args}
		newer.add(`n.kernel = m.kernel AND n.state = m.state AND n.owner = m.owner AND n.stem = m.stem AND (n.age, n.sha256) > (m.age, m.sha256)`)
		if len(s.channels) > 0 {
			newer.in(`n.channel`, words(s.channels)...)
		}
		rows := 0
		err := s.each(func(r *sql.Rows) error {
			rows++
			var id int64
			var document []byte
			if err := r.Scan(&id, &after[0], &after[1], &after[2], &after[3], &document); err != nil {
				return err
			}
			if count >= witnesses {
				return nil
			}
			other, err := decode(document)
			if err != nil {
				return err
			}
			if drops(other) {
				count++
				s.wanted = append(s.wanted, id)
			}
			return nil
		}, `SELECT m.id, m.owner, m.stem, m.age, m.sha256, m.document FROM module m`+where.where()+
			` AND NOT EXISTS (SELECT 1 FROM module n`+newer.where()+`) ORDER BY m.owner, m.stem, m.age, m.sha256 LIMIT 32`, newer.args...)
		if err != nil || rows < page || count >= witnesses {
			return err
		}
	}
}

// load reads the entries that are wanted and not yet here.
func (s *search) load() error {
	slices.Sort(s.wanted)
	ids := slices.DeleteFunc(slices.Compact(s.wanted), func(id int64) bool { return s.entries[id] != nil })
	for part := range slices.Chunk(ids, 500) {
		where := s.active("")
		where.in(`id`, anys(part)...)
		err := s.each(func(rows *sql.Rows) error {
			e, err := scanEntry(rows)
			if err != nil {
				return err
			}
			s.entries[e.id] = e
			return nil
		}, `SELECT `+columns+` FROM module`+where.where(), where.args...)
		if err != nil {
			return err
		}
	}
	s.wanted = nil
	return nil
}

// newest wants, for each entry, the newest one of its lineages: a rule that
// compares with the newest must not take an older one for it. A path holds the
// first digits of a digest only, so that two ages can be equal; the digest itself
// breaks that tie, as package rules does.
func (s *search) newest() error {
	type lineage struct {
		owner, stem string
		set         int64
	}
	asked := make(map[lineage]bool)
	for {
		var todo []*Entry
		var lineages []lineage
		for _, e := range s.entries {
			for _, l := range []lineage{{owner: e.Owner, stem: e.stem(), set: -1}, {owner: e.Owner, set: ownSet(&e.Module.Replace)}} {
				if !asked[l] && (l.stem != "" || l.set >= 0) {
					asked[l] = true
					todo, lineages = append(todo, e), append(lineages, l)
				}
			}
		}
		if len(todo) == 0 {
			return nil
		}
		for part := range slices.Chunk(lineages, 100) {
			var query strings.Builder
			c := &conditions{}
			for i, l := range part {
				if i > 0 {
					query.WriteString(` UNION ALL `)
				}
				one := s.activeAfter(len(c.args), "")
				if l.set < 0 {
					one.add(`owner = ? AND stem = ?`, l.owner, l.stem)
				} else {
					one.add(`owner = ? AND own_set = ?`, l.owner, l.set)
				}
				query.WriteString(`SELECT id FROM (SELECT id FROM module` + one.where() + ` ORDER BY age DESC, sha256 DESC LIMIT 1) AS newest`)
				c.args = append(c.args, one.args...)
			}
			if _, err := s.want(query.String(), c.args...); err != nil {
				return err
			}
		}
		if err := s.load(); err != nil {
			return err
		}
	}
}
