package registry

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

// A row that is read as a member is that of the module which was written, for every
// fixture that is a livepatch, one after the other through one reader; with aliases,
// and a func without a name before one that has them.
func TestMembersOfRows(t *testing.T) {
	odd := &klp.Module{Path: "odd.ko", Name: "odd", Kind: klp.KindLivepatch, SHA256: "1", UnsignedSHA256: "2", Patch: klp.Patch{Found: true, Objects: []klp.Object{
		{Name: "ext4", Callbacks: []klp.Callback{{Kind: "pre_patch"}}},
		{Name: "vmlinux", Null: true, Funcs: []klp.Func{{}, {Name: "entry", Sympos: 2, Aliases: []string{"body", "twin,2"}}, {Name: "plain"}}},
	}, HasStates: true, States: []klp.State{{ID: 7}, {}, {ID: 8}}}}
	modules := []*klp.Module{odd}
	err := filepath.WalkDir("../../../../fixtures", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(d.Name(), ".ko") {
			return err
		}
		if m, err := elfread.Open(path, elfread.Options{SHA256: true}); err == nil && m.IsLivepatch() {
			modules = append(modules, m)
		}
		return nil
	})
	if err != nil || len(modules) < 50 {
		t.Fatalf("%d modules, %v", len(modules), err)
	}
	var read memberReader
	got := make([]*moduleset.Member, len(modules))
	for i, m := range modules {
		row := compact(m)
		var unsigned string
		var err error
		if got[i], unsigned, err = read.member(row, "owner"); err != nil || unsigned != m.UnsignedSHA256 {
			t.Fatalf("%s: %q, %v", m.Path, unsigned, err)
		}
		clear(row) // nothing of it is kept
		got[i].Path = m.Path
	}
	for i, m := range modules {
		want := moduleset.NewMember(m, true)
		want.Owner = "owner"
		if d := cmp.Diff(want, got[i], cmp.Exporter(exportAll), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s: (-module +row):\n%s", m.Path, d)
		}
	}
}
