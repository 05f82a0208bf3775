package replace

import (
	"fmt"
	"strings"

	"github.com/klplint/klplint/klp"
)

// Model is one reading of what loading a livepatch does to the active ones.
// Models are values without state; several goroutines may use one.
type Model interface {
	// Name is the model's name on the command line and in JSON.
	Name() string
	// About says for people what the model does: one paragraph of lines.
	About() string
	// Read says what a replace field means under this model. It fails with a
	// *FieldError where the field is not the one that the model is about, or
	// where its value is not known: the caller must then not guess.
	Read(r *klp.Replace) (Reading, error)
	// Relate says what happens to an active livepatch when next is loaded,
	// and what next is held to because of it. Both readings are this model's.
	Relate(next, active Reading, o Options) Relation
}

// Options are the choices that the discussion left to whoever loads. They have
// no effect under mainline and replace-set, which have no room for them.
type Options struct {
	// ZeroSpecial: a livepatch of set 0 is replaced only by one of set 0,
	// whatever a list or an override says (Petr Mladek, 17 June 2026).
	ZeroSpecial bool
	// Override lists further sets that this one load evicts: the proposed
	// module parameter override_replace_sets=X[,Y]... It adds to the
	// module's own list and changes no membership.
	Override []uint32
}

// Reading is what one module's replace field means under one model.
type Reading struct {
	// Replace is mainline's flag; false under the set models.
	Replace bool
	// Sets are the sets that the livepatch belongs to, in the order of the
	// field and without repetition; empty under mainline only.
	Sets []uint32
	// Evicts are further sets whose livepatches it replaces without belonging
	// to them.
	Evicts []uint32
}

// Relation is what a model says of one active livepatch at one load.
type Relation struct {
	Evicted bool      // it is replaced when the load succeeds
	States  StateRule // what its states ask of the livepatch being loaded
	Funcs   FuncRule  // what its funcs ask of the livepatch being loaded
	Shared  []uint32  // the sets that decided for eviction; nil under mainline
}

// StateRule is what the states of an active livepatch ask of the one being
// loaded. A rule looks at every entry of the active one's array, and of the
// new one's entries with that id at the first only (klp_get_state()).
type StateRule int

// The state rules.
const (
	// StatesNotLower: a state that both have must not have a lower version.
	StatesNotLower StateRule = iota
	// StatesKept: every state must be there, at the same or a higher version.
	StatesKept
	// StatesDisjoint: no state id may be in both, whatever the versions.
	StatesDisjoint
)

// FuncRule is what the funcs of an active livepatch ask of the one being loaded.
type FuncRule int

// The func rules.
const (
	// FuncsFree: the same func may be in both; the one loaded last runs.
	FuncsFree FuncRule = iota
	// FuncsDisjoint: no func may be in both.
	FuncsDisjoint
)

// The models' names.
const (
	NameMainline       = "mainline"
	NameReplaceSet     = "replace-set"
	NameSupersedes     = "supersedes"
	NameSetsPositional = "sets-positional"
	NameSetsFlat       = "sets-flat"
)

// All returns the five models, mainline first, then in the order in which they
// were proposed.
func All() []Model {
	return []Model{Mainline{}, Set{}, Supersedes{}, SetsPositional{}, SetsFlat{}}
}

// ByName returns the model of that name.
func ByName(name string) (Model, error) {
	names := make([]string, 0, 5)
	for _, m := range All() {
		if m.Name() == name {
			return m, nil
		}
		names = append(names, m.Name())
	}
	return nil, fmt.Errorf("model %q: unknown, the models are %s", name, strings.Join(names, ", "))
}
