package bench

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/klp"
)

// TestCorpus: copies are as readable as their originals, equal to them but for
// the names, and distinct.
func TestCorpus(t *testing.T) {
	files, err := Corpus("../../fixtures/static/6.1", t.TempDir(), 12)
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	var last []byte
	for _, name := range files.Names {
		path := filepath.Join(files.Dir, name)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(content, last) {
			t.Errorf("%s equals the file before it", path)
		}
		last = content
		m, err := elfread.Open(path, elfread.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if m.Kind != klp.KindLivepatch || names[m.Name] {
			t.Errorf("%s: kind %s, name %q given before: %v", path, m.Kind, m.Name, names[m.Name])
		}
		names[m.Name] = true
	}
}
