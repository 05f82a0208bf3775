package lint_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/lint"
)

// Over all fixtures, sound and broken ones, through the real reader: every file
// ends as a judged module, a skipped one or an error, and the result is the
// same for any number of jobs.
func TestAllFixtures(t *testing.T) {
	var inputs []lint.Source
	err := filepath.WalkDir("../fixtures", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.Contains(d.Name(), ".ko") {
			inputs = append(inputs, lint.Source{Path: path})
		}
		return err
	})
	if err != nil || len(inputs) < 20 {
		t.Fatalf("%d files, %v", len(inputs), err)
	}
	var want *lint.Result
	for _, jobs := range []int{1, 8} {
		got, err := lint.Run(t.Context(), lint.Config{Inputs: inputs, Jobs: jobs, Options: elfread.Options{SHA256: true}})
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		} else if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(lint.Module{})); d != "" {
			t.Errorf("-j%d differs (-want +got):\n%s", jobs, d)
		}
	}
	files := 0
	for _, e := range want.Errors {
		if e.Rule != "" {
			t.Errorf("%s: %s failed: %s", e.Path, e.Rule, e.Message)
			continue
		}
		files++
	}
	if n := want.Summary.Modules + want.Summary.Skipped + files; n != len(inputs) {
		t.Errorf("%d modules, %d skipped, %d unreadable: %d of %d files", want.Summary.Modules, want.Summary.Skipped, files, n, len(inputs))
	}
	for _, m := range want.Modules {
		if len(m.SHA256) != 64 && !m.Errored {
			t.Errorf("%s: sha256 is %q", m.Path, m.SHA256)
		}
	}
}
