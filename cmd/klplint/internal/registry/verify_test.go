package registry

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

// A row that is as it was written, and says of a module that is neither signed nor packed
// that it is another one without its signature: it would hide from that one.
func TestVerifyFindsAnotherModule(t *testing.T) {
	r, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "r.db"), Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	m := &klp.Module{
		Name: "fix_1", Kind: klp.KindLivepatch, SHA256: strings.Repeat("1", 64), UnsignedSHA256: strings.Repeat("2", 64),
		Compression: klp.Gzip, Vermagic: klp.Vermagic{Release: "6.12"},
	}
	e := &Entry{Module: m, State: Active, id: 7}
	for _, packed := range []bool{true, false} {
		if !packed {
			m.Compression = klp.Uncompressed
		}
		text, err := encode(m)
		if err != nil {
			t.Fatal(err)
		}
		e.document = textDigest(text)
		written := &row{
			entry: *e, kernel: 1, sha256: m.SHA256, unsigned: m.UnsignedSHA256, name: m.Name, stem: e.stem(),
			labels: "{}", document: text, textSum: e.document, digest: e.digest(), compact: compact(m),
		}
		written.index.kernel, written.index.stem = 1, e.stem()
		v := &verification{}
		v.module(written, map[int64]moduleset.Kernel{1: e.Kernel()}, map[int64]*index{7: {}})
		found := slices.ContainsFunc(v.problems, func(p string) bool { return strings.Contains(p, "neither signed nor packed") })
		if found == packed || len(v.problems) > 1 || packed && len(v.problems) > 0 {
			t.Errorf("packed %v: %q", packed, v.problems)
		}
	}
	err = r.Write(t.Context(), func(tx *Tx) error { _, err := tx.Add([]*Entry{e}, Added); return err })
	if err == nil || !strings.Contains(err.Error(), "neither signed nor packed") {
		t.Errorf("added: %v", err)
	}
}
