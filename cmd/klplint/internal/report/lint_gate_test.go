package report

import (
	"fmt"
	"slices"
	"testing"
)

// A candidate that replaces thousands of modules is no reason for thousands of lines.
func TestLinesOfManyModules(t *testing.T) {
	g := &Gate{}
	for i := range 25 {
		g.Against = append(g.Against, RegistryEntry{Path: fmt.Sprintf("registry:fix_%02d", i)})
	}
	lines := g.Lines()
	if len(lines) != 21 || lines[20] != "5 more active modules that findings name; --format json lists all" {
		t.Errorf("%d lines, the last: %s", len(lines), lines[len(lines)-1])
	}
	g.Against = g.Against[:20]
	if lines := g.Lines(); len(lines) != 20 {
		t.Errorf("%d lines", len(lines))
	}
	g = &Gate{Retired: g.Against, Elsewhere: g.Against}
	if lines := g.Lines(); len(lines) != 40 {
		t.Errorf("%d lines of as many as are shown", len(lines))
	}
	g.Retired = append(slices.Clone(g.Retired), RegistryEntry{Path: "registry:last"})
	g.Elsewhere = append(slices.Clone(g.Elsewhere), RegistryEntry{Path: "registry:a"}, RegistryEntry{Path: "registry:b"})
	lines = g.Lines()
	if len(lines) != 42 || lines[20] != "1 more module retired, replaced; --format json lists all" ||
		lines[41] != "2 more modules replaced too, active in other channels; --format json lists all" {
		t.Errorf("%d lines: %q", len(lines), lines)
	}
}
