package rules

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/klp"
)

func TestSameName(t *testing.T) {
	member := func(path string, baseline bool, sha string, size int64) *Member {
		m := sample{name: "livepatch", replace: flag(true)}.module()
		m.Path, m.SHA256, m.Size = path, sha, size
		return NewMember(m, baseline)
	}
	equal := func(string, string) (bool, error) { return true, nil }
	unequal := func(string, string) (bool, error) { return false, nil }
	broken := func(string, string) (bool, error) { return false, errors.New("unreadable") }
	for _, tt := range []struct {
		name    string
		members []*Member
		same    func(a, b string) (bool, error)
		want    []string // related modules; nil for no finding
		fails   bool
	}{
		{name: "different files", members: []*Member{member("old/a.ko", true, "", 1), member("a.ko", false, "", 2)}, same: equal, want: []string{"old/a.ko"}},
		{name: "a copy, hashed", members: []*Member{member("old/a.ko", true, "x", 1), member("a.ko", false, "x", 1)}},
		{name: "another hash", members: []*Member{member("old/a.ko", true, "x", 1), member("a.ko", false, "y", 1)}, same: equal, want: []string{"old/a.ko"}},
		{name: "equal bytes", members: []*Member{member("b.ko", false, "", 1), member("a.ko", false, "", 1)}, same: equal},
		{name: "equal size, other bytes", members: []*Member{member("b.ko", false, "", 1), member("a.ko", false, "", 1)}, same: unequal, want: []string{"b.ko"}},
		{name: "equal size, not compared", members: []*Member{member("b.ko", false, "", 1), member("a.ko", false, "", 1)}, want: []string{"b.ko"}},
		{name: "unreadable", members: []*Member{member("b.ko", false, "", 1), member("a.ko", false, "", 1)}, same: broken, fails: true},
		{name: "one file, given twice", members: []*Member{member("a.ko", true, "", 1), member("a.ko", false, "", 1)}},
		{name: "a baseline alone", members: []*Member{member("b.ko", true, "", 1), member("a.ko", true, "", 2)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			findings, err := runOn(t, klp406, NewSet(tt.members, SetOptions{SameFile: tt.same}))
			if (err != nil) != tt.fails {
				t.Fatal(err)
			}
			var got []string
			for _, f := range findings {
				if f.Kernel.Errno != "EEXIST" || f.Module != "a.ko" {
					t.Errorf("%+v", f)
				}
				for _, r := range f.Related {
					got = append(got, r.Module)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("related %q, want %q", got, tt.want)
			}
		})
	}
}

// A row gives back what it was made of, and keeps nothing of the module.
func TestMemberKeepsWhatItNeeds(t *testing.T) {
	m := sample{name: "fix", replace: number(3, 1), funcs: "foo ext4:bar,2 'vmlinux':baz", states: "7:1 0:5 8:1", shadows: []uint64{9}}.module()
	m.Patch.Objects[0].Funcs[0].At = klp.Location{Section: ".data", Offset: 1 << 40, Symbol: "funcs"} // no bytes in the file
	r := NewMember(m, false)
	var funcs []string
	for f := range r.Funcs() {
		o := f.Object
		if f.Literal {
			o = "'" + o + "'"
		}
		funcs = append(funcs, o+":"+f.Name)
		for i := range m.Patch.Objects {
			for _, want := range m.Patch.Objects[i].Funcs {
				if want.Name == f.Name && (want.At != f.At || want.Sympos != f.Sympos) {
					t.Errorf("%s at %+v, want %+v", f.Name, f.At, want.At)
				}
			}
		}
	}
	if got := strings.Join(funcs, " "); got != "vmlinux:foo ext4:bar 'vmlinux':baz" {
		t.Errorf("funcs %s", got)
	}
	var states []uint64
	for s := range r.States() {
		states = append(states, s.ID)
	}
	if !slices.Equal(states, []uint64{7}) {
		t.Errorf("states %d: the kernel walks to the first id 0", states)
	}
	m.Replace.Sets = append(m.Replace.Sets, 1)
	m.Replace.Supersedes[0] = 99
	if r.Replace.Supersedes[0] != 1 {
		t.Error("the row shares memory with the module")
	}
}
