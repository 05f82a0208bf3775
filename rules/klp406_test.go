package rules

import (
	"errors"
	"slices"
	"testing"

	"github.com/klplint/klplint/moduleset"
)

func TestSameName(t *testing.T) {
	member := func(path string, baseline bool, sha string, size int64) *moduleset.Member {
		m := sample{name: "livepatch", replace: flag(true)}.module()
		m.Path, m.SHA256, m.Size = path, sha, size
		return moduleset.NewMember(m, baseline)
	}
	equal := func(string) (string, error) { return "x", nil }
	unequal := func(path string) (string, error) { return path, nil }
	broken := func(string) (string, error) { return "", errors.New("unreadable") }
	for _, tt := range []struct {
		name    string
		members []*moduleset.Member
		digest  func(path string) (string, error)
		want    []string // related modules; nil for no finding
		fails   bool
	}{
		{name: "different files", members: []*moduleset.Member{member("old/a.ko", true, "", 1), member("a.ko", false, "", 2)}, digest: equal, want: []string{"old/a.ko"}},
		{name: "a copy, hashed", members: []*moduleset.Member{member("old/a.ko", true, "x", 1), member("a.ko", false, "x", 1)}},
		{name: "another hash", members: []*moduleset.Member{member("old/a.ko", true, "x", 1), member("a.ko", false, "y", 1)}, digest: equal, want: []string{"old/a.ko"}},
		{name: "equal bytes", members: []*moduleset.Member{member("b.ko", false, "", 1), member("a.ko", false, "", 1)}, digest: equal},
		{name: "equal size, other bytes", members: []*moduleset.Member{member("b.ko", false, "", 1), member("a.ko", false, "", 1)}, digest: unequal, want: []string{"b.ko", "a.ko"}},
		{name: "equal size, not compared", members: []*moduleset.Member{member("b.ko", false, "", 1), member("a.ko", false, "", 1)}, want: []string{"b.ko", "a.ko"}},
		{name: "one hashed, equal bytes", members: []*moduleset.Member{member("b.ko", false, "x", 1), member("a.ko", false, "", 1)}, digest: equal},
		{name: "one hashed, other bytes", members: []*moduleset.Member{member("b.ko", false, "y", 1), member("a.ko", false, "", 1)}, digest: equal, want: []string{"b.ko", "a.ko"}},
		{name: "unreadable", members: []*moduleset.Member{member("b.ko", false, "", 1), member("a.ko", false, "", 1)}, digest: broken, fails: true},
		{name: "one file, given twice", members: []*moduleset.Member{member("a.ko", true, "", 1), member("a.ko", false, "", 1)}},
		{name: "one short name for two digests", members: []*moduleset.Member{member("registry:a@0", true, "x", 1), member("registry:a@0", false, "y", 1)}, want: []string{"registry:a@0"}},
		{name: "a baseline alone", members: []*moduleset.Member{member("b.ko", true, "", 1), member("a.ko", true, "", 2)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			findings, err := runOn(t, klp406, moduleset.New(tt.members, moduleset.Options{Digest: tt.digest}))
			if (err != nil) != tt.fails {
				t.Fatal(err)
			}
			var got []string
			for _, f := range findings {
				if f.Kernel.Errno != "EEXIST" || tt.members[0].Path != tt.members[1].Path && f.Module == f.Related[0].Module {
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
