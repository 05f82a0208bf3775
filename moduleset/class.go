package moduleset

import (
	"encoding/binary"
	"errors"
	"strings"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// Class is the members whose replace fields mean the same to a replace model:
// where a field was read, and why it could not be, makes no difference.
type Class struct {
	Members []*Member // by path

	index int
	// readings is what the field means under each model: one reading, or two
	// where the value of bool replace is not known; none where the model
	// cannot read the field.
	readings [][]replace.Reading
	unread   bool // by some model
}

// Replace is the field of one of the members.
func (c *Class) Replace() *klp.Replace { return c.Members[0].Replace }

// Candidates returns the members that are not of the baseline.
func (c *Class) Candidates() []*Member {
	var out []*Member
	for _, m := range c.Members {
		if !m.Baseline {
			out = append(out, m)
		}
	}
	return out
}

// Readings returns what the field means under the i-th of Set.Models: one
// reading, or two where the value of bool replace is not known; none where
// the model cannot read the field.
func (c *Class) Readings(i int) []replace.Reading { return c.readings[i] }

// Classes returns the classes in the order of their first members.
func (s *Set) Classes() []*Class { return s.classes }

// classify makes the classes.
func (s *Set) classify() {
	known := make(map[string]*Class)
	var key []byte
	for _, m := range s.Members {
		key = appendClass(key[:0], m.Replace)
		c := known[string(key)]
		if c == nil {
			c = &Class{index: len(s.classes)}
			known[string(key)] = c
			s.classes = append(s.classes, c)
		}
		c.Members = append(c.Members, m)
		m.class = c
	}
}

// appendClass appends what is equal for fields that mean the same to a replace model.
func appendClass(b []byte, r *klp.Replace) []byte {
	b = append(append(b, r.Kind...), 0)
	for _, bit := range []bool{r.Flag, r.Known(), r.SetsNull, r.Supersedes != nil} {
		if bit {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	b = binary.LittleEndian.AppendUint32(b, r.Set)
	for _, list := range [][]uint32{r.Sets, r.Supersedes} {
		b = binary.LittleEndian.AppendUint64(b, uint64(len(list)))
		for _, number := range list {
			b = binary.LittleEndian.AppendUint32(b, number)
		}
	}
	return b
}

// chooseModels settles under which models the set is judged: the one that was
// asked for, else those that the members' own field belongs to. A list of sets
// is judged under both readings of the proposal, for which of them holds is not
// settled. Members that carry a flag beside members that carry sets have no
// model in common, and none is picked.
func (s *Set) chooseModels() {
	if name := s.Options.Model; name != "" {
		m, err := replace.ByName(name)
		if err != nil {
			s.problem = err.Error()
			return
		}
		s.models = []replace.Model{m}
	} else {
		// One bare module stands for each class.
		bare := make([]*klp.Module, len(s.classes))
		for i, c := range s.classes {
			bare[i] = &klp.Module{Path: c.Members[0].Path, Name: c.Members[0].Name, Replace: *c.Replace()}
		}
		models, err := replace.Default(bare)
		if err != nil {
			s.problem = "one replace model for all: " + err.Error()
			return
		}
		s.models = models
	}
	for _, c := range s.classes {
		for _, m := range s.models {
			readings := readBothWays(m, c.Replace())
			c.readings = append(c.readings, readings)
			c.unread = c.unread || len(readings) == 0
		}
	}
}

// readBothWays reads a field under a model, and a flag of unknown value as both
// of its values.
func readBothWays(m replace.Model, r *klp.Replace) []replace.Reading {
	reading, err := m.Read(r)
	if err == nil {
		return []replace.Reading{reading}
	}
	var field *replace.FieldError
	if !errors.As(err, &field) || !field.Unknown() || r.Kind != klp.KindFlag && r.Kind != klp.KindUnknown {
		return nil
	}
	var both []replace.Reading
	for _, value := range []bool{false, true} {
		reading, err := m.Read(&klp.Replace{Kind: klp.KindFlag, Flag: value, Source: klp.FromData, FieldSource: klp.FieldAssumed})
		if err != nil {
			return nil // a model that knows no flag: any set is possible
		}
		both = append(both, reading)
	}
	return both
}

// Models returns the replace models under which the set is judged: one, or
// both readings of a list of sets; none where Missing says why.
func (s *Set) Models() []replace.Model { return s.models }

// ModelNames joins the names of the models for a message.
func (s *Set) ModelNames() string {
	names := make([]string, len(s.models))
	for i, m := range s.models {
		names[i] = m.Name()
	}
	return strings.Join(names, " and ")
}

// RefusesSharing reports whether the set is judged under models that refuse to
// load what shares a func or a state with a livepatch that stays active: all
// but mainline.
func (s *Set) RefusesSharing() bool {
	if len(s.models) == 0 {
		return false
	}
	_, mainline := s.models[0].(replace.Mainline)
	return !mainline
}

// Judged reports whether there is a model to judge under. Where there is none,
// no Effect is known, and Missing says why.
func (s *Set) Judged() bool { return s.problem == "" }

// Unread returns the members whose field the models cannot read, by path.
// Their effects are not known.
func (s *Set) Unread() []*Member {
	var out []*Member
	for _, m := range s.Members {
		if m.class.unread {
			out = append(out, m)
		}
	}
	return out
}

// Problem says what there would have to be for the set to be judged, as a noun
// phrase; "" where it is judged.
func (s *Set) Problem() string { return s.problem }
