package elfread

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klplint/klplint/klp"
)

// seeds adds one small module of each form to the corpus.
func seeds(f *testing.F) {
	f.Helper()
	for _, name := range []string{
		"static/one-func.ko", "static/states.ko", "kpatch/one-func.ko", "klp-build/one-func.ko",
		"klp-relocs/both.ko", "sets/sets-1-2.ko", "signed/rsa.ko", "packed/one-func.ko.xz", "packed/one-func.ko.gz", "packed/one-func.ko.zst",
	} {
		b, err := os.ReadFile(filepath.Join("..", "fixtures", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	s := x86()
	f.Add(s.build().Bytes())
}

// FuzzRead: an error if and only if there is no module, and the same answer twice.
func FuzzRead(f *testing.F) {
	seeds(f)
	r := NewReader(Options{})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := r.Read(bytes.NewReader(b), int64(len(b)), "fuzz.ko")
		sane(t, "fuzz", m, err)
		again, err2 := Read(bytes.NewReader(b), int64(len(b)), "fuzz.ko", Options{})
		if (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
			t.Fatalf("first %v, then %v", err, err2)
		}
		if m != nil && tables(m) != tables(again) {
			t.Fatalf("first %s, then %s", tables(m), tables(again))
		}
	})
}

// FuzzKlpSymName: what is taken apart can be put together again.
func FuzzKlpSymName(f *testing.F) {
	for _, s := range klpSymNames {
		f.Add(s.raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		object, name, sympos, malformed := parseKlpSym(raw, symbolWidth)
		if malformed != "" {
			if object != "" || name != "" || sympos != 0 {
				t.Fatalf("%q: parts of a malformed name", raw)
			}
			return
		}
		if !strings.HasPrefix(raw, symPrefix+object+"."+name+",") || object == "" || name == "" ||
			len(object) > objectWidth || len(name) > symbolWidth || strings.Contains(object, ".") || strings.Contains(name, ",") {
			t.Fatalf("%q: object %q, name %q", raw, object, name)
		}
	})
}

// FuzzKlpRelaName is the same for section names.
func FuzzKlpRelaName(f *testing.F) {
	for _, s := range []string{".klp.rela.vmlinux..text", ".klp.rela.ext4.__jump_table", ".klp.rela.", ".klp.rela..text", ".klp.rela.x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		object, target, malformed := parseKlpRela(raw)
		if malformed != "" {
			if object != "" || target != "" {
				t.Fatalf("%q: parts of a malformed name", raw)
			}
			return
		}
		if raw != relaPrefix+object && raw != relaPrefix+object+"."+target || object == "" || len(object) > objectWidth {
			t.Fatalf("%q: object %q, target %q", raw, object, target)
		}
	})
}

// FuzzSignature: any tail gives a signature, an error, or both, and no more
// bytes than it has.
func FuzzSignature(f *testing.F) {
	for _, name := range []string{"rsa.ko", "ec.ko", "key-id.ko"} {
		b, err := os.ReadFile(filepath.Join("..", "fixtures", "signed", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[len(b)-600:])
	}
	f.Add([]byte(signatureMagic))
	f.Fuzz(func(t *testing.T, tail []byte) {
		tail = append(tail, signatureMagic...)
		_, s, data, err := parseTrailer(tail, int64(len(tail)))
		if s == nil && err == nil || s != nil && (s.At < 0 || s.Size != int64(len(data)) || s.At+s.Size > int64(len(tail))) {
			t.Fatalf("signature %+v, error %v", s, err)
		}
		var info klp.Signature
		_ = parsePKCS7(tail, &info, new(klp.Trailer)) // any bytes may stand there
	})
}
