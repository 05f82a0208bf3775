package hostile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/fixtures"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// How many mutants of each family are made of one fixture: a sample in every
// run of the tests, many more where KLPLINT_SWEEP=full.
const (
	sampled = 2
	full    = 60
)

// batch is how many mutants are judged in one run, as a set, together with the
// sound file that they were made from.
const batch = 24

// slow is far above what one damaged file costs (well below a millisecond), so
// that a busy machine does not fail the test but quadratic work does.
const slow = 30 * time.Second

// TestSweep damages every fixture in every way of the families, and reads and
// judges what comes of it, against a kernel too.
func TestSweep(t *testing.T) {
	perFamily := sampled
	switch {
	case os.Getenv("KLPLINT_SWEEP") == "full":
		perFamily = full
	case testing.Short():
		perFamily = 1
	}
	target := someKernel(t)
	var total, refused int
	var mu sync.Mutex
	t.Run("fixtures", func(t *testing.T) {
		for i, f := range fixtures.All(t) {
			t.Run(f.Name, func(t *testing.T) {
				t.Parallel()
				s := sweep{t: t, target: target, sound: fixtures.Read(t, f.Name)}
				mutants(s.sound, perFamily, i, s.add)
				s.judge()
				mu.Lock()
				defer mu.Unlock()
				total, refused = total+s.total, refused+s.refused
			})
		}
	})
	t.Logf("%d mutants, %d refused", total, refused)
	if refused == 0 || refused == total {
		t.Errorf("%d of %d mutants refused: the sweep does not damage what it should", refused, total)
	}
}

// sweep is the work on one fixture.
type sweep struct {
	t              *testing.T
	target         klp.Target
	sound          []byte
	names          []string
	files          [][]byte
	total, refused int
}

func (s *sweep) add(name string, mutant []byte) {
	s.names, s.files = append(s.names, name), append(s.files, mutant)
	if len(s.files) == batch {
		s.judge()
	}
}

// judge reads the mutants one by one, and judges them as a set.
func (s *sweep) judge() {
	s.t.Helper()
	const sound = "sound"
	inputs := []lint.Source{{Path: sound, Named: true, Content: bytes.NewReader(s.sound), Size: int64(len(s.sound))}}
	wantError := map[string]bool{}
	reader := elfread.NewReader(elfread.Options{SHA256: true})
	_, soundErr := elfread.Read(bytes.NewReader(s.sound), int64(len(s.sound)), sound, elfread.Options{})
	wantError[sound] = soundErr != nil
	for i, b := range s.files {
		start := time.Now()
		m, err := reader.Read(bytes.NewReader(b), int64(len(b)), s.names[i])
		if d := time.Since(start); d > slow {
			s.t.Errorf("%s: read in %v", s.names[i], d)
		}
		if problem := checkRead(m, err, s.names[i]); problem != "" {
			s.t.Errorf("%s: %s", s.names[i], problem)
		}
		wantError[s.names[i]] = err != nil
		s.total++
		if err != nil {
			s.refused++
		}
		inputs = append(inputs, lint.Source{Path: s.names[i], Named: true, Content: bytes.NewReader(b), Size: int64(len(b))})
	}
	start := time.Now()
	result, err := lint.Run(context.Background(), lint.Config{
		Inputs: inputs[:len(inputs):len(inputs)], Jobs: 1, Target: func(*klp.Module) klp.Target { return s.target },
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if d := time.Since(start); d > slow {
		s.t.Errorf("%d mutants from %q on: judged in %v", len(s.files), s.names[0], d)
	}
	for _, e := range result.Errors {
		if e.Rule != "" || !wantError[e.Path] || e.Message == "" || strings.Contains(e.Message, "internal error") {
			s.t.Errorf("%s: unexpected error: %+v", e.Path, e)
		}
		delete(wantError, e.Path)
	}
	for path, want := range wantError {
		if want {
			s.t.Errorf("%s: refused by elfread, and no error of the run", path)
		}
	}
	if len(result.Modules)+len(result.Errors) < len(inputs) {
		s.t.Errorf("%d files, %d judged and %d errors", len(inputs), len(result.Modules), len(result.Errors))
	}
	for _, f := range result.Findings {
		if f.Rule == "" || f.Module == "" || f.Message == "" || f.Severity == 0 {
			s.t.Errorf("incomplete finding %+v", f)
		}
	}
	s.names, s.files = s.names[:0], s.files[:0]
}

// checkRead says how a result breaks what every caller may rely on, "" if it
// does not.
func checkRead(m *klp.Module, err error, path string) string {
	var e *elfread.Error
	switch {
	case (m == nil) == (err == nil):
		return fmt.Sprintf("module %v and error %v", m != nil, err)
	case err != nil && !errors.As(err, &e):
		return fmt.Sprintf("error %v is no *elfread.Error", err)
	case err != nil && (e.Path != path || e.Err == nil || e.Offset < 0):
		return fmt.Sprintf("error %#v names no place", e)
	case err != nil && (strings.Contains(err.Error(), "runtime error") || strings.Contains(err.Error(), "cannot read this file")):
		return fmt.Sprintf("a panic was caught: %v", err)
	case m != nil && (m.Kind == "" || m.Path != path):
		return fmt.Sprintf("module of kind %q at %q", m.Kind, m.Path)
	}
	return ""
}

// someKernel is a kernel with a few symbols, so that the rules that ask for one
// have something to compare with.
func someKernel(t *testing.T) klp.Target {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"System.map": "ffffffff81000000 T _text\nffffffff81000100 T cmdline_proc_show\nffffffff81000200 t meminfo_proc_show\n" +
			"ffffffff81000300 t meminfo_proc_show\nffffffff81000400 T seq_printf\nffffffff81000500 D saved_command_line\n" +
			"ffffffff81000600 T klp_enable_patch\nffffffff81000700 T _etext\n",
		"Module.symvers": "0x12345678\tseq_printf\tvmlinux\tEXPORT_SYMBOL\t\n0x9abcdef0\tklp_enable_patch\tvmlinux\tEXPORT_SYMBOL_GPL\t\n",
		".config":        "# Linux/x86 6.1.0 Kernel Configuration\nCONFIG_LIVEPATCH=y\nCONFIG_MODVERSIONS=y\nCONFIG_X86_64=y\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	kernels, err := kernel.Load(filepath.Join(dir, "System.map"), filepath.Join(dir, "Module.symvers"), filepath.Join(dir, ".config"))
	if err != nil {
		t.Fatal(err)
	}
	if len(kernels) != 1 {
		t.Fatalf("%d kernels", len(kernels))
	}
	return kernels[0]
}
