package safeelf

import (
	"fmt"
	"strings"
	"testing"
)

// TestSectionNames: names come out right whatever files, with which sections at
// which index, were read before; and what is kept of them is bounded.
func TestSectionNames(t *testing.T) {
	var n sectionNames
	long := strings.Repeat("n", maxKeptName+1)
	files := [][]string{
		{"", ".text", ".data"},
		{"", ".data", ".text", ".bss"},
		{""},
		{"", long, ".text"},
		{"", ".text"},
		{"", long + "x"},
		{"", ".text", ".data", ".bss", ".modinfo"},
	}
	var many []string
	for i := range 3 * maxKeptNames {
		many = append(many, fmt.Sprintf(".s%d", i))
	}
	files = append(files, many, files[0], many[1:])
	for _, file := range files {
		n.raw = n.raw[:0]
		for _, name := range file {
			n.raw = append(n.raw, []byte(name))
		}
		for i, want := range file {
			if got := n.name(i); got != want {
				t.Fatalf("section %d: %q, want %q", i, got, want)
			}
		}
		for _, raw := range n.raw { // the buffer serves the next file
			for i := range raw {
				raw[i] = '!'
			}
		}
	}
	if len(n.kept) > maxKeptNames || len(n.last) > maxKeptNames {
		t.Errorf("%d and %d names kept", len(n.kept), len(n.last))
	}
}
