package registry

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
			return nil // names that are no UTF-8
		}
		back, err := decode([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		n++
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

func TestStringsThatAreNoUTF8AreRefused(t *testing.T) {
	m := &klp.Module{Path: "a.ko", Patch: klp.Patch{Objects: []klp.Object{{Name: "ext4", Funcs: []klp.Func{{Name: "f\xff"}}}}}}
	if _, err := encode(m); err == nil || !strings.Contains(err.Error(), `"f\xff"`) {
		t.Errorf("error %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"name":"a","sites":[["s",""]],"objects":[{"name":"vmlinux","at":[7,1,2]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := decode([]byte(text))
		if err != nil {
			return
		}
		moduleset.NewMember(m, true)
		itemsOf(m)
	})
}
