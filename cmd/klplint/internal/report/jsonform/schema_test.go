package jsonform

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
)

// TestSchemas makes docs/schema anew from the structs and wants it as it is;
// UPDATE_SCRIPTS=1 rewrites it.
func TestSchemas(t *testing.T) {
	const folder = "../../../../../docs/schema"
	// Readers must bear members that a later version adds.
	r := &jsonschema.Reflector{AllowAdditionalProperties: true}
	if err := r.AddGoComments("github.com/klplint/klplint/cmd/klplint/internal/report/jsonform", "."); err != nil {
		t.Fatal(err)
	}
	want := make([]string, 0, len(Forms()))
	for name, form := range Forms() {
		file := name + ".schema.json"
		want = append(want, file)
		schema := r.Reflect(form)
		schema.ID = jsonschema.ID("https://raw.githubusercontent.com/klplint/klplint/main/docs/schema/" + file)
		schema.Title = "klplint " + name
		var fresh bytes.Buffer
		e := json.NewEncoder(&fresh)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(schema); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, file)
		if os.Getenv("UPDATE_SCRIPTS") != "" {
			if err := os.WriteFile(path, fresh.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		old, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(old), fresh.String()); diff != "" {
			t.Errorf("%s is stale; UPDATE_SCRIPTS=1 go test rewrites it (-file +fresh):\n%s", path, diff)
		}
	}
	slices.Sort(want)
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-forms +files):\n%s", folder, diff)
	}
}
