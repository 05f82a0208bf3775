package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/klplint/klplint/cmd/klplint/internal/report/jsonform"
)

// TestJSONFollowsSchemas holds what the commands write over the fixtures
// against docs/schema.
func TestJSONFollowsSchemas(t *testing.T) {
	t.Chdir("../..")
	dir := t.TempDir()
	known, db := filepath.Join(dir, "known.json"), "sqlite:"+filepath.Join(dir, "r.db")
	config := filepath.Join(dir, "waivers.yaml")
	const waivers = "waivers:\n  - {rule: KLP101, module: \"*\", reason: fixture, owner: me, until: 2999-12-31}\n  - {rule: KLP401, module: \"*\", reason: fixture}\n"
	if err := os.WriteFile(config, []byte(waivers), 0o666); err != nil {
		t.Fatal(err)
	}
	const synthetic = "kernel/testdata/synthetic"
	runs := []struct {
		form string
		args []string
	}{
		{"lint", []string{"--kernel", "none", "--enable", "*", "fixtures"}},
		{"lint", []string{"--kernel", synthetic, "fixtures/static", "fixtures/kpatch"}},
		{"lint", []string{"--kernel", "none", "--write-known", known, "fixtures/rules/KLP208"}},
		{"lint", []string{"--kernel", "none", "--known", known, "fixtures/rules/KLP208", "fixtures/rules/KLP101"}},
		{"lint", []string{"--kernel", "none", "--config", config, "fixtures/rules/KLP101", "fixtures/sets"}},
		{"lint", []string{"--kernel", "none", "no-such-file"}},
		{"lint", []string{"gate", "--registry", db, "fixtures/static/one-func.ko"}},
		{"lint", []string{"gate", "--registry", db, "fixtures/static/one-func.ko", "fixtures/static/many.ko"}},
		{"lint", []string{"gate", "--registry", db, "--dry-run", "fixtures/rules/KLP101/bad.ko"}},
		{"dump", []string{"dump", "--kernel", "none", "fixtures"}},
		{"dump", []string{"dump", "--kernel", "none", "fixtures/other", "no-such-file"}},
		{"trace", []string{"trace", "--kernel", "none", "--model", "all", "fixtures/worked-example"}},
		{"trace", []string{"trace", "--kernel", "none", "--model", "all", "--plan", workedExample}},
		{"trace", []string{"trace", "--kernel", "none", "fixtures/static/one-func.ko", "fixtures/static/many.ko"}},
		{"diff", []string{"diff", "--kernel", "none", "fixtures/static/one-func.ko", "fixtures/static/many.ko"}},
		{"diff", []string{"diff", "--kernel", "none", "fixtures/static/many.ko", "fixtures/kpatch/one-func.ko"}},
		{"matrix", []string{"matrix", "fixtures/static", "fixtures/kpatch", "fixtures/klp-build"}},
		{"kernel", []string{"kernel", "--no-cache", synthetic}},
		{"kernel", []string{"kernel", "--no-cache", synthetic, "--lookup", "vmlinux:label_show", "--lookup", "copied_function", "--lookup", "no_module:f"}},
		{"registry", []string{"registry", "list", "--registry", db}},
		{"registry", []string{"registry", "find", "--registry", db, "--func", "cmdline_proc_show"}},
		{"rules", []string{"rules"}},
		{"explain", []string{"explain", "KLP208", "sets-flat"}},
		{"config", []string{"config", "show", "--config", config}},
		{"version", []string{"version"}},
	}
	if code := run(context.Background(), newApp(strings.NewReader(""), io.Discard, io.Discard), []string{"registry", "init", "--registry", db}); code != 0 {
		t.Fatalf("klplint registry init: exit code %d", code)
	}
	schemas := make(map[string]*jsonschema.Schema)
	for form := range jsonform.Forms() {
		var err error
		if schemas[form], err = jsonschema.NewCompiler().Compile("docs/schema/" + form + ".schema.json"); err != nil {
			t.Fatal(err)
		}
	}
	written := make(map[string]bool)
	for _, r := range runs {
		var stdout, stderr bytes.Buffer
		a := newApp(strings.NewReader(""), &stdout, &stderr)
		a.getenv = func(string) string { return "" }
		run(context.Background(), a, append(r.args, "--format", "json"))
		value, err := jsonschema.UnmarshalJSON(&stdout)
		if err == nil {
			err = schemas[r.form].Validate(value)
		}
		if err != nil {
			t.Errorf("klplint %s: %v: %s", strings.Join(r.args, " "), err, &stderr)
		}
		written[r.form] = true
	}
	for form := range schemas {
		if !written[form] {
			t.Errorf("no command writes the form %s", form)
		}
	}
}
