package diff

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

// A func under another name of the same code is patched again.
func TestAnotherNameOfTheSameCode(t *testing.T) {
	entry, body := fn("entry", 0, 16), fn("body", 0, 16)
	entry.Aliases, body.Aliases = []string{"body"}, []string{"entry"}
	for _, c := range []struct {
		old, new klp.Func
		want     []Item
	}{
		{entry, body, []Item{{finding.Info, "func", "again", "vmlinux:body", "same size, 16 bytes, the same code as entry of the old one"}}},
		{fn("entry", 0, 16), fn("body", 0, 16), []Item{
			{finding.Info, "func", "anew", "vmlinux:body", "16 bytes"},
			{finding.Error, "func", "no longer", "vmlinux:entry", "16 bytes"},
		}},
	} {
		d := Compare(module("fix", true, []klp.Object{object("vmlinux", c.old)}), module("fix", true, []klp.Object{object("vmlinux", c.new)}))
		if diff := cmp.Diff(c.want, d.Items()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
