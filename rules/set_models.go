package rules

import (
	"errors"
	"fmt"
	"strings"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// judged is one replace model under which the set is judged, and what each
// class of members means under it: one reading, or two where the value of
// bool replace is not known; none where the model cannot read the field.
type judged struct {
	model    replace.Model
	readings [][]replace.Reading // by class
}

// chooseModels settles under which models the set is judged: the one that was
// asked for, else the one that the members' own field belongs to. A list of
// sets is judged under both readings of the proposal, for which of them holds is
// not settled. Members that carry a flag beside members that carry sets have no
// model in common, and none is picked.
func (s *Set) chooseModels() {
	if name := s.Options.Model; name != "" {
		m, err := replace.ByName(name)
		if err != nil {
			s.problem = err.Error()
			return
		}
		s.read(m)
		return
	}
	models, err := replace.Default(s.classSamples())
	if err != nil {
		s.problem = "one replace model for all: " + err.Error()
		return
	}
	s.read(models...)
}

// classSamples returns one bare module for each class, in the order in which
// the members came.
func (s *Set) classSamples() []*klp.Module {
	samples := make([]*klp.Module, len(s.classes))
	for _, m := range s.Members {
		if samples[m.class] == nil {
			samples[m.class] = &klp.Module{Path: m.Path, Name: m.Name, Replace: *m.Replace}
		}
	}
	return samples
}

// read asks each model for its reading of each class.
func (s *Set) read(models ...replace.Model) {
	for _, m := range models {
		j := judged{model: m, readings: make([][]replace.Reading, len(s.classes))}
		for c := range s.classes {
			j.readings[c] = readBothWays(m, &s.classes[c])
		}
		s.judged = append(s.judged, j)
	}
	s.unread = make([]bool, len(s.classes))
	for c := range s.classes {
		for _, j := range s.judged {
			s.unread[c] = s.unread[c] || len(j.readings[c]) == 0
		}
	}
}

// readBothWays reads a value under a model, and a flag of unknown value as both
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

// modelNames names the models for a message.
func (s *Set) modelNames() string {
	names := make([]string, len(s.judged))
	for i, j := range s.judged {
		names[i] = j.model.Name()
	}
	return strings.Join(names, " and ")
}

// missing is what the rules that need a replace model cannot do without: the
// error that each of them returns beside its findings, nil when all members
// could be judged.
func (s *Set) missing() error {
	if s.problem != "" {
		return &MissingInput{Needs: s.problem}
	}
	var unread []string
	count := 0
	for _, m := range s.Members {
		if s.unread[m.class] {
			count++
			if len(unread) < maxListed {
				unread = append(unread, m.Path)
			}
		}
	}
	if count == 0 {
		return nil
	}
	return &MissingInput{Needs: fmt.Sprintf("a replace field that %s can read in %s", s.modelNames(), someOf(unread, count))}
}
