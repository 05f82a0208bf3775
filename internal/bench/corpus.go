package bench

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/klp"
)

// Corpus writes n distinct modules to the folder to, made of the modules below
// the folder from: copies that differ in the names of the module and of its
// functions. Files that are there already are kept.
func Corpus(from, to string, n int) (Files, error) {
	var variants []*variant
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".ko") {
			return err
		}
		v, err := newVariant(path)
		if err != nil {
			return err
		}
		variants = append(variants, v)
		return nil
	})
	if err != nil {
		return Files{}, err
	}
	if len(variants) == 0 {
		return Files{}, fmt.Errorf("%s: no module", from)
	}
	if n < 1 || n > MaxCorpus {
		return Files{}, fmt.Errorf("corpus of %d modules: want 1 to %d", n, MaxCorpus)
	}
	if err := os.MkdirAll(to, 0o777); err != nil {
		return Files{}, err
	}
	files := Files{Dir: to, Names: make([]string, n)}
	for i := range files.Names {
		files.Names[i] = fmt.Sprintf("lp-%0*d.ko", digits, i)
		path := filepath.Join(to, files.Names[i])
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if err := os.WriteFile(path, variants[i%len(variants)].distinct(i), 0o666); err != nil {
			return Files{}, err
		}
	}
	return files, nil
}

// variant is a module to make copies of.
type variant struct {
	content []byte
	names   []string // the names that differ from copy to copy
}

// digits is the number of last characters of a name that a copy replaces.
const digits = 5

// MaxCorpus is how many modules differ in so many digits.
const MaxCorpus = 100_000

func newVariant(path string) (*variant, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m, err := elfread.Read(bytes.NewReader(content), int64(len(content)), path, elfread.Options{})
	if err != nil {
		return nil, err
	}
	v := &variant{content: content, names: namesOf(m)}
	if len(v.names) == 0 {
		return nil, fmt.Errorf("%s: no name of more than %d characters to change", path, digits)
	}
	return v, nil
}

// namesOf lists the names of the module, its funcs and their replacements that
// are long enough to be told apart by their last characters.
func namesOf(m *klp.Module) []string {
	names := []string{m.Name}
	for i := range m.Patch.Objects {
		for j := range m.Patch.Objects[i].Funcs {
			f := &m.Patch.Objects[i].Funcs[j]
			names = append(names, f.Name, f.New.Symbol)
		}
	}
	names = slices.DeleteFunc(names, func(s string) bool { return len(s) <= digits+2 })
	slices.Sort(names)
	return slices.Compact(names)
}

// distinct returns the i-th copy. Names keep their length, so that no offset of
// the file changes; each occurrence that ends with a NUL byte is replaced, in
// modinfo, the struct module, the strings and the symbol names alike.
func (v *variant) distinct(i int) []byte {
	out := bytes.Clone(v.content)
	suffix := fmt.Appendf(nil, "%0*d", digits, i)
	for _, name := range v.names {
		old := append([]byte(name), 0)
		for at := 0; ; {
			k := bytes.Index(out[at:], old)
			if k < 0 {
				break
			}
			at += k + len(old)
			copy(out[at-1-digits:], suffix)
		}
	}
	return out
}
