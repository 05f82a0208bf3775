package elfread

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

var update = flag.Bool("update", false, "write testdata/fixtures.txt anew")

// summary says in one paragraph what was read of a file. It holds no offsets,
// so that fixtures which are built again by another compiler read the same.
func summary(m *klp.Module, err error) string {
	var b strings.Builder
	var e *Error
	if errors.As(err, &e) {
		fmt.Fprintf(&b, "  error: %v\n", e.Err)
		return b.String()
	}
	fmt.Fprintf(&b, "  %s %s %s, layout by %s, compression %s\n", m.Kind, m.Arch, m.Toolchain, m.Layout.Source, m.Compression)
	if m.Signature != nil || m.SignatureError != "" {
		fmt.Fprintf(&b, "  signature: ")
		if s := m.Signature; s != nil {
			signer, _, _ := strings.Cut(s.Signer, ", serial")
			if !strings.Contains(signer, "=") {
				signer = fmt.Sprintf("key id of %d digits", len(signer))
			}
			fmt.Fprintf(&b, "%s %s %s by %s", s.IDType, s.Hash, s.Algo, signer)
		}
		fmt.Fprintf(&b, " %s\n", m.SignatureError)
	}
	if m.Kind != klp.KindLivepatch {
		return b.String()
	}
	r := m.Replace
	fmt.Fprintf(&b, "  replace: %s flag %v set %d sets %v null %v supersedes %v, %s/%s %s\n",
		r.Kind, r.Flag, r.Set, r.Sets, r.SetsNull, r.Supersedes, r.Source, r.FieldSource, r.Reason)
	fmt.Fprintf(&b, "  tables: %s%s\n", tables(m), m.Patch.Reason)
	for _, s := range m.Patch.States {
		fmt.Fprintf(&b, "  state %d version %d\n", s.ID, s.Version)
	}
	for _, e := range m.Init.Enables {
		fmt.Fprintf(&b, "  klp_enable_patch(%s)\n", e.Arg)
	}
	for _, k := range m.KlpRelas {
		wrong, _ := replace.KlpRelaDefect(m, &k)
		fmt.Fprintf(&b, "  %s: %s, %d entries, %d symbols, %d foreign, %d not zero; %s%s\n",
			k.Section, k.Object, k.Entries, len(k.Symbols), k.ForeignCount, k.NonZeroCount, k.Malformed, wrong)
	}
	for _, s := range m.KlpSyms {
		fmt.Fprintf(&b, "  %s: 0x%x %s\n", s.Raw, s.Shndx, s.Malformed)
	}
	for _, l := range m.Leftovers {
		fmt.Fprintf(&b, "  %s: %s\n", l.At.Section, l.What)
	}
	for _, s := range m.ShadowIDs {
		fmt.Fprintf(&b, "  %s: shadow id %d\n", s.By, s.ID)
	}
	return b.String()
}

// TestFixtures reads every built module and compares with what its source says.
func TestFixtures(t *testing.T) {
	root := filepath.Join("..", "fixtures")
	var files []string
	for _, dir := range []string{"static", "kpatch", "klp-build", "klp-relocs", "sets", "signed", "packed", "other"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(files)
	var b strings.Builder
	r := NewReader(Options{})
	for _, path := range files {
		m, err := r.Open(path)
		sane(t, path, m, err)
		name, _ := filepath.Rel(root, path)
		fmt.Fprintf(&b, "%s\n%s", filepath.ToSlash(name), summary(m, err))
	}
	golden := filepath.Join("testdata", "fixtures.txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, lines := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(got), len(lines)) {
		if got[i] != lines[i] {
			t.Fatalf("line %d of %s:\n got %s\nwant %s\n(-update writes it anew)", i+1, golden, got[i], lines[i])
		}
	}
	if len(got) != len(lines) {
		t.Fatalf("%d lines, %s has %d (-update writes it anew)", len(got), golden, len(lines))
	}
}

// TestPackedSame reads one module in every compression: all but the file's own
// size and name must be the same.
func TestPackedSame(t *testing.T) {
	files, err := filepath.Glob("../fixtures/packed/one-func.ko.*")
	if err != nil || len(files) != 3 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, path := range files {
		m, err := Open(path, Options{SHA256: true})
		if err != nil {
			t.Fatal(err)
		}
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if m.Size != st.Size() || len(m.SHA256) != 64 || m.Compression == klp.Uncompressed {
			t.Errorf("%s: size %d, sha256 %q, compression %s", path, m.Size, m.SHA256, m.Compression)
		}
		if got, want := tables(m), "vmlinux: cmdline_proc_show,0>klp_cmdline_proc_show"; got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
