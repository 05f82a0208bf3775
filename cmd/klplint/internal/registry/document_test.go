package registry

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

// What the set rules see of a module is the same before and after it was in
// the registry, for every fixture that is a livepatch.
func TestDocumentKeepsWhatRulesCompare(t *testing.T) {
	n := 0
	err := filepath.WalkDir("../../../../fixtures", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(d.Name(), ".ko") {
			return err
		}
		m, err := elfread.Open(path, elfread.Options{SHA256: true})
		if err != nil || !m.IsLivepatch() {
			return nil // broken on purpose
		}
		text, err := encode(m)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		back, err := decode([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		n++
		small, err := expand(compact(m))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		if d := cmp.Diff(moduleset.NewMember(back, false), withPath(moduleset.NewMember(small, false), m.Path), cmp.Exporter(exportAll)); d != "" {
			t.Errorf("%s: (-document +compact):\n%s", path, d)
		}
		if d := cmp.Diff(moduleset.NewMember(m, false), moduleset.NewMember(back, false), cmp.Exporter(exportAll)); d != "" {
			t.Errorf("%s: (-file +registry):\n%s", path, d)
		}
		again, err := encode(back)
		if err != nil || again != text {
			t.Errorf("%s: encoded again, the document differs", path)
		}
		return nil
	})
	if err != nil || n < 50 {
		t.Fatalf("%d modules, %v", n, err)
	}
}

// Bytes that are no UTF-8, and characters that stand for such bytes, come back
// as they were.
func TestStringsThatAreNoUTF8AreKept(t *testing.T) {
	const odd = "f\xff\U0010ffff\x80é\xed\xa0\x80"
	m := &klp.Module{
		Path: "a.ko", Name: odd, Kind: klp.KindLivepatch, SHA256: "x", UnsignedSHA256: "y", Modinfo: klp.Modinfo{Present: true, Entries: []klp.ModinfoEntry{{Key: "author", Value: odd}}},
		Patch: klp.Patch{Found: true, Objects: []klp.Object{{Name: odd, Funcs: []klp.Func{{Name: odd}}}}},
	}
	text, err := encode(m)
	if err != nil || !utf8.ValidString(text) {
		t.Fatal(text, err)
	}
	back, err := decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(m, back, cmp.Exporter(exportAll), cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		if e := escape(s); !utf8.ValidString(e) || unescape(e) != s {
			t.Errorf("%q became %q", s, e)
		}
	})
}

func withPath(m *moduleset.Member, path string) *moduleset.Member {
	m.Path = path
	return m
}

// What was not written by compact is an error or a module, never a panic.
func FuzzExpand(f *testing.F) {
	f.Add(compact(&klp.Module{Name: "a", Patch: klp.Patch{Objects: []klp.Object{{Name: "vmlinux", Funcs: []klp.Func{{Name: "f"}}}}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := expand(b)
		var read memberReader
		member, _, failed := read.member(b, "")
		if (err == nil) != (failed == nil) {
			t.Fatalf("a module: %v, a member: %v", err, failed)
		}
		if err != nil {
			return
		}
		if d := cmp.Diff(moduleset.NewMember(m, true), member, cmpopts.EquateEmpty(), cmp.Exporter(exportAll)); d != "" {
			t.Errorf("(-module +member):\n%s", d)
		}
		again, err := expand(compact(m))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(m, again, cmpopts.EquateEmpty(), cmp.Exporter(exportAll)); d != "" {
			t.Error(d)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"name":"a","sites":[["s",""]],"objects":[{"name":"vmlinux","at":[7,1,2]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := decode([]byte(text))
		if err != nil {
			return
		}
		moduleset.NewMember(m, true)
		funcsOf(m)
	})
}
