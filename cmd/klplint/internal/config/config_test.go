package config

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/rules"
)

const full = `model: mainline
zero-special: true
assume-fix: [sympos01]
replace-field: flag
kernels: [k/vmlinux, /abs/vmlinuz]
against: [built/, "@lists/all"]
registry: postgres://farm/klp
fail-on: warning
enable: [KLP505, "KLP5*"]
disable: [KLP503]
require: [kernel]
severity: {KLP113: error}
shared-funcs: ["vmlinux:*newuname"]
profiles: [kpatch]
known: known.json
expect: [m.csv]
waivers:
  - rule: KLP101
    module: "klp_*"
    object: vmlinux
    func: "schedule*"
    reason: |
      two
      lines
    owner: me
    until: 2026-12-31
custom:
  - id: SITE001
    message: m
    doc: d
    fix: f
    severity: info
    over: pairs
    tags: [a]
    expr: "true"
`

func TestParse(t *testing.T) {
	f, err := Parse("conf/.klplint.yaml", []byte(full))
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, s := range f.Settings {
		var words []string
		for _, v := range s.Values {
			words = append(words, v.Text)
		}
		got[s.Key.Name] = strings.Join(words, " ")
	}
	for key, want := range map[string]string{
		"zero-special": "true",
		"kernels":      "conf/k/vmlinux /abs/vmlinuz",
		"against":      "conf/built/ @conf/lists/all",
		"registry":     "postgres://farm/klp",
		"severity":     "KLP113=error",
		"known":        "conf/known.json",
	} {
		if got[key] != want {
			t.Errorf("%s: %q, want %q", key, got[key], want)
		}
	}
	if len(f.Settings) != len(Keys())-2 {
		t.Errorf("%d settings: the sample lacks keys", len(f.Settings))
	}
	w := f.Waivers[0]
	if w.Reason != "two\nlines" || w.Line != 18 || w.Until.Format("2006-01-02") != "2026-12-31" || w.File != "conf/.klplint.yaml" {
		t.Errorf("waiver %+v", w.Waiver)
	}
	c := f.Custom[0]
	if !c.Pairs || c.Severity != "info" || c.Line != 28 || !slices.Equal(c.Tags, []string{"a"}) {
		t.Errorf("custom rule %+v", c)
	}
	if err := f.Check(slices.Concat(rules.All(), rules.SiteRules(rules.Site{}), policy.Rules())); err != nil {
		t.Error(err)
	}
}

func TestMistakes(t *testing.T) {
	const waiver = "waivers:\n  - {rule: KLP101, module: x, reason: y"
	const custom = "custom:\n  - {id: SITE001, message: m, doc: d, expr: e"
	for _, test := range []struct{ name, in, want string }{
		{"unknown key", "fail_on: error\n", `f:1:1: the configuration has no key "fail_on"; did you mean fail-on?`},
		{"nothing near", "colour: x\n", "it may have model, "},
		{"wrong type", "model: [mainline]\n", "f:1:8: model is a list, it must be a string"},
		{"word for list", "kernels: /boot\n", "it must be a list"},
		{"empty value", "model:\n", "model is empty"},
		{"unknown word", "fail-on: eror\n", "did you mean error?"},
		{"number", "enable: [5]\n", "an entry of enable is a whole number"},
		{"twice", "model: mainline\nmodel: mainline\n", "f:2:1: "},
		{"second document", "model: mainline\n---\nmodel: mainline\n", "second document"},
		{"severity", "severity: {KLP101: bad}\n", "must be one of info, warning, error"},
		{"not a mapping", "- a\n", "the configuration is a list"},
		{"line break in a word", "model: \"a\\nb\"\n", "line break"},
		{"no reason", "waivers:\n  - {rule: KLP101, module: x}\n", "a waiver has no reason"},
		{"empty reason", "waivers:\n  - {rule: KLP101, module: x, reason: ' '}\n", "reason is empty"},
		{"no module", "waivers:\n  - {rule: KLP101, reason: x}\n", "a waiver has no module"},
		{"bad date", waiver + ", until: 31.12.2026}\n", "it must be a day: YYYY-MM-DD"},
		{"no such day", waiver + ", until: 2026-02-30}\n", "it must be a day"},
		{"bad glob", waiver + ", func: '[a'}\n", "which is not a valid pattern"},
		{"waiver key", waiver + ", untl: 2026-12-31}\n", "did you mean until?"},
		{"waiver of waivers", "waivers:\n  - {rule: KLP590, module: x, reason: y}\n", "cannot be waived"},
		{"id", strings.Replace(custom, "SITE001", "site", 1) + "}\n", "it must be capital letters and then digits"},
		{"taken id", strings.Replace(custom, "SITE001", "KLP101", 1) + "}\n", "klplint's own"},
		{"id twice", custom + "}\n  - {id: SITE001, message: m, doc: d, expr: e}\n", "duplicate id SITE001"},
		{"no doc", "custom:\n  - {id: SITE001, message: m, expr: e}\n", "a custom rule has no doc"},
		{"over", custom + ", over: sets}\n", "must be one of module, pairs"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("f", []byte(test.in))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// What a file says about rules is held against those that there are, and
// security is not for a file that was merely found.
func TestCheck(t *testing.T) {
	all := slices.Concat(rules.All(), rules.SiteRules(rules.Site{}), policy.Rules())
	for _, test := range []struct{ name, in, want, named string }{
		{"waiver", "waivers: [{rule: KLP1O1, module: x, reason: y}]\n", "f:1:18: no rule has the ID \"KLP1O1\"; did you mean KLP101?", "the same"},
		{"severity", "severity: {KLP999: error}\n", "no rule has the ID", "the same"},
		{"enable", "enable: [hygine]\n", "did you mean hygiene?", "the same"},
		{"require", "require: [kernal]\n", "did you mean kernel?", "the same"},
		{"security waived", "waivers: [{rule: KLP504, module: x, reason: y}]\n", "tagged security", ""},
		{"security lowered", "severity: {KLP504: info}\n", "tagged security", ""},
		{"security disabled", "disable: [KLP504]\n", "tagged security", ""},
		{"security disabled by a glob", "disable: ['KLP5*']\n", "disables KLP504", ""},
		{"security disabled by a tag", "disable: [signature]\n", "disables KLP504", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := Parse("f", []byte(test.in))
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Check(all); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			f.Named = true
			if err := f.Check(all); (err == nil) != (test.named == "") {
				t.Errorf("in a named file: %v", err)
			}
		})
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a/b"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, Name), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ in, want string }{{".", Name}, {"a", "../" + Name}, {"a/b", "../../" + Name}} {
		t.Chdir(filepath.Join(dir, test.in))
		if got, err := Find(); err != nil || got != test.want {
			t.Errorf("in %s: %q, %v", test.in, got, err)
		}
	}
}

func TestFindRefusesAFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir(Name, 0o777); err != nil {
		t.Fatal(err)
	}
	if got, err := Find(); err == nil {
		t.Errorf("found %q", got)
	}
}

// TestSchema keeps docs/klplint.schema.json fresh: UPDATE_SCHEMA writes it.
func TestSchema(t *testing.T) {
	const path = "../../../../docs/klplint.schema.json"
	fresh := Schema()
	if os.Getenv("UPDATE_SCHEMA") != "" {
		if err := os.WriteFile(path, fresh, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, fresh) {
		t.Errorf("%s is not fresh: UPDATE_SCHEMA=1 go test -run TestSchema ./internal/config", path)
	}
	schema := compiled(t)
	for _, test := range []struct {
		in    string
		valid bool
	}{
		{full, true},
		{"fail-on: eror\n", false},
		{"kernels: /boot\n", false},
		{"waivers: [{rule: KLP101, module: x}]\n", false},
		{"custom: [{id: site, message: m, doc: d, expr: e}]\n", false},
		{"unknown: 1\n", false},
	} {
		if err := schema.Validate(decoded(t, test.in)); (err == nil) != test.valid {
			t.Errorf("%q: %v", test.in, err)
		}
		if _, err := Parse("f", []byte(test.in)); (err == nil) != test.valid {
			t.Errorf("the reader and the schema differ over %q: %v", test.in, err)
		}
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("klplint.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("klplint.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// decoded turns YAML into what a JSON decoder would give.
func decoded(t *testing.T, in string) any {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// The template says nothing as it stands, and each of its keys is right once
// the "# " before it is taken away.
func TestTemplate(t *testing.T) {
	f, err := Parse("f", []byte(Template()))
	if err != nil || len(f.Settings)+len(f.Waivers)+len(f.Custom) > 0 {
		t.Fatalf("%+v, %v", f, err)
	}
	names := []string{}
	for _, k := range Keys() {
		names = append(names, k.Name)
	}
	var b strings.Builder
	for block := range strings.SplitSeq(Template(), "\n\n") {
		on := false
		for line := range strings.Lines(block) {
			text := strings.TrimPrefix(line, "# ")
			key, _, _ := strings.Cut(text, ":")
			if on = on || slices.Contains(names, key); on {
				b.WriteString(text)
			}
		}
		b.WriteByte('\n')
	}
	f, err = Parse("f", []byte(b.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if len(f.Settings) != len(Keys())-2 || len(f.Waivers) != 1 || len(f.Custom) != 1 {
		t.Errorf("%d settings, %d waivers, %d custom rules", len(f.Settings), len(f.Waivers), len(f.Custom))
	}
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte(Template()))
	f.Add([]byte("severity: {a: error}\ncustom: []\n"))
	all := slices.Concat(rules.All(), rules.SiteRules(rules.Site{}), policy.Rules())
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("f", data)
		if err != nil {
			return
		}
		if err := file.Check(all); err != nil {
			_ = err.Error()
		}
	})
}

func FuzzWaivers(f *testing.F) {
	f.Add([]byte(full[strings.Index(full, "waivers:"):strings.Index(full, "custom:")]))
	f.Add([]byte("waivers: [{rule: KLP101, module: '[', reason: y}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := ParseWaivers("f", data)
		if err != nil {
			return
		}
		for _, w := range file.Waivers {
			if w.Rule == "" || w.Module == "" || strings.TrimSpace(w.Reason) == "" || w.Line < 1 {
				t.Fatalf("waiver %+v", w.Waiver)
			}
		}
	})
}
