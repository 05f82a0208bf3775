// Package mutant makes changed copies of good modules, each with a name that
// says how it was made, so that what klplint says of them can be held against
// what a kernel does with them.
//
// A draw is decided by its seed: the same seed, bases and tools give the same
// mutants. The kinds take turns, so that every kind is among any few dozen.
package mutant

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Base is a good module.
type Base struct {
	Name string // short, for the mutants' names
	Data []byte // the file
}

// Mutant is a changed module.
type Mutant struct {
	Name string // BASE/KIND/what was done: enough to make it again
	Kind string
	Base string
	Data []byte
}

// errNothing: the base has nothing that the kind could change.
var errNothing = errors.New("nothing to change")

// change makes a mutant of a base: the new file, and in a few words what was done.
type change func(ctx context.Context, r *rand.Rand, data []byte) (changed []byte, what string, err error)

// kinds are the ways of changing a module, in the order of their turns.
var kinds = []struct {
	name string
	make change
}{
	{"none", unchanged},
	{"elf-header", elfHeader},
	{"section-header", sectionHeader},
	{"section-flags", sectionFlags},
	{"symbol", symbol},
	{"symbol-index", symbolIndex},
	{"relocation", relocation},
	{"relocation-type", relocationType},
	{"klp-relocation", klpRelocation},
	{"modinfo-key", modinfoKey},
	{"modinfo-value", modinfoValue},
	{"versions", versions},
	{"struct-module", structModule},
	{"data-byte", dataByte},
	{"code-byte", codeByte},
	{"strip", strip},
	{"remove-section", removeSection},
	{"rename-section", renameSection},
	{"set-flags", setFlags},
	{"compression", compression},
	{"padding", padding},
	{"signature", signature},
	{"btf", btf},
}

// Kinds returns the names of the kinds.
func Kinds() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

// Draw makes count mutants of the bases. Of one kind and base no two are alike.
func Draw(ctx context.Context, seed uint64, bases []Base, count int) ([]Mutant, error) {
	r := rand.New(rand.NewPCG(seed, 0))
	list := make([]Mutant, 0, count)
	seen := map[string]bool{}
	for turn := 0; len(list) < count; turn++ {
		if turn > 20*count+1000 {
			return nil, fmt.Errorf("only %d of %d mutants could be made", len(list), count)
		}
		k := kinds[turn%len(kinds)]
		var base Base
		var data []byte
		var what string
		err := errNothing
		for tries := 0; errors.Is(err, errNothing) && tries < 40; tries++ {
			base = pick(r, bases)
			data, what, err = k.make(ctx, r, slices.Clone(base.Data))
		}
		if errors.Is(err, errNothing) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s of %s: %w", k.name, base.Name, err)
		}
		name := fmt.Sprintf("%s/%s/%s", base.Name, k.name, what)
		if seen[name] {
			continue
		}
		seen[name] = true
		list = append(list, Mutant{Name: name, Kind: k.name, Base: base.Name, Data: data})
	}
	return list, nil
}

func unchanged(_ context.Context, _ *rand.Rand, data []byte) ([]byte, string, error) {
	return data, "unchanged", nil
}

// pick draws one of a list.
func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }
