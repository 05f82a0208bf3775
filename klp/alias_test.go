package klp_test

import (
	"testing"

	"github.com/klplint/klplint/klp"
)

// oneFunction knows a function of vmlinux by two names: body, and the second entry.
type oneFunction struct{ klp.Target }

func (oneFunction) Aliases(object, name string, sympos uint64) []string {
	switch {
	case object != klp.VmlinuxObjectName:
	case name == "body" && sympos < 2:
		return []string{"entry,2"}
	case name == "entry" && sympos == 2:
		return []string{"body"}
	}
	return nil
}

func TestFindAliases(t *testing.T) {
	m := &klp.Module{Patch: klp.Patch{Objects: []klp.Object{
		{Name: klp.VmlinuxObjectName, Null: true, Funcs: []klp.Func{{Name: "body"}, {Name: "entry", Sympos: 2}, {Name: "entry", Sympos: 1}, {}}},
		{Name: klp.VmlinuxObjectName, Literal: true, Funcs: []klp.Func{{Name: "body"}}},
	}}}
	klp.FindAliases(m, oneFunction{})
	klp.FindAliases(m, nil) // what was found stays
	for i, want := range []string{"body", "body", "entry", ""} {
		if name, position := m.Patch.Objects[0].Funcs[i].Code(); name != want || position != 1 {
			t.Errorf("func %d is %s,%d, want %s", i, name, position, want)
		}
	}
	if list := m.Patch.Objects[1].Funcs[0].Aliases; list != nil {
		t.Errorf("a literal vmlinux has aliases: %q", list)
	}
}

func TestFirstName(t *testing.T) {
	for _, c := range []struct {
		name     string
		position uint64
		aliases  []string
		want     string
	}{
		{"foo", 1, nil, "foo"},
		{"foo", 2, nil, "foo,2"},
		{"foo", 1, []string{"bar,3", "zoo"}, "bar,3"},
		{"foo", 3, []string{"foo,2"}, "foo,2"},
		{"foo", 1, []string{"bar,x"}, "foo"}, // no position
	} {
		if name, position := klp.FirstName(c.name, c.position, c.aliases); klp.AliasName(name, position) != c.want {
			t.Errorf("%s,%d of %q: %s,%d, want %s", c.name, c.position, c.aliases, name, position, c.want)
		}
	}
}
