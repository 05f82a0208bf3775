package report

import (
	"fmt"
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
}
