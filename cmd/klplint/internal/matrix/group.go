package matrix

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

// Grouper names the row that a module belongs to.
type Grouper func(*klp.Module) string

// ByName makes a row of each module name, whatever is in it.
func ByName(m *klp.Module) string { return name(m) }

// ByStem makes a row of each name without its kernel release and version. It
// is what New takes by default; there two generations of one patch for one
// kernel make two rows, as ByBuild names them.
func ByStem(m *klp.Module) string { return names.Stem(name(m), m.Vermagic.Release) }

// ByBuild makes a row of each name without its kernel release.
func ByBuild(m *klp.Module) string { return names.WithoutRelease(name(m), m.Vermagic.Release) }

// ByPattern makes a row of each match of a regular expression in the module's
// name: of its first group where it has one, else of the whole match. Names
// that do not match are rows of their own.
func ByPattern(pattern string) (Grouper, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("group pattern: %w", err)
	}
	return func(m *klp.Module) string {
		match := re.FindStringSubmatch(name(m))
		switch {
		case match == nil:
			return name(m)
		case len(match) > 1:
			return match[1]
		}
		return match[0]
	}, nil
}

// name is the module's own name, or the path of one that has none.
func name(m *klp.Module) string { return cmp.Or(m.Name, m.Path) }

type group struct {
	name    string
	modules []*klp.Module
}

func groups(modules []*klp.Module, by Grouper) []group {
	if by != nil {
		return split(modules, by)
	}
	var out []group
	for _, g := range split(modules, ByStem) {
		if crowded(g.modules) {
			out = append(out, split(g.modules, ByBuild)...)
		} else {
			out = append(out, g)
		}
	}
	slices.SortStableFunc(out, func(a, b group) int { return names.Natural(a.name, b.name) })
	return out
}

// crowded reports whether two of the modules are for one kernel.
func crowded(modules []*klp.Module) bool {
	seen := make(map[Kernel]bool)
	for _, m := range modules {
		if seen[kernelOf(m)] {
			return true
		}
		seen[kernelOf(m)] = true
	}
	return false
}

func split(modules []*klp.Module, by Grouper) []group {
	byName := make(map[string]int)
	var out []group
	for _, m := range modules {
		n := by(m)
		i, ok := byName[n]
		if !ok {
			i = len(out)
			byName[n] = i
			out = append(out, group{name: n})
		}
		out[i].modules = append(out[i].modules, m)
	}
	slices.SortFunc(out, func(a, b group) int { return names.Natural(a.name, b.name) })
	return out
}
