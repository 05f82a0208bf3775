package kernel

import (
	"slices"
	"testing"
)

func TestAliases(t *testing.T) {
	k := &Kernel{vmlinux: &symbolTable{}}
	for _, s := range []struct {
		name string
		addr uint64
		kind byte
	}{
		{"one", 0x100, 'T'}, {"two", 0x100, 't'}, {"data", 0x100, 'd'}, {"two", 0x200, 't'}, {"three", 0x200, 'T'}, {"alone", 0x300, 't'},
	} {
		k.vmlinux.add([]byte(s.name), s.addr, s.kind)
	}
	for _, c := range []struct {
		object, name string
		sympos       uint64
		want         []string
	}{
		{vmlinux, "one", 0, []string{"two"}},
		{vmlinux, "two", 1, []string{"one"}},
		{vmlinux, "two", 2, []string{"three"}},
		{vmlinux, "three", 1, []string{"two,2"}},
		{vmlinux, "two", 0, nil}, // ambiguous: nothing is patched
		{vmlinux, "two", 3, nil},
		{vmlinux, "alone", 0, nil},
		{vmlinux, "missing", 0, nil},
		{"ext4", "one", 0, nil},
	} {
		if got := k.Aliases(c.object, c.name, c.sympos); !slices.Equal(got, c.want) {
			t.Errorf("%s:%s,%d: %q, want %q", c.object, c.name, c.sympos, got, c.want)
		}
	}
}
