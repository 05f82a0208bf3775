//go:build !nocel

package siterule

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/cmd/klplint/internal/config"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/rules"
)

// compileOne compiles one expression as a file would give it.
func compileOne(t *testing.T, over, expr string) ([]*rules.Rule, error) {
	t.Helper()
	var file strings.Builder
	file.WriteString("custom:\n  - id: SITE001\n    message: the rule\n    doc: The reason.\n    over: " + over + "\n    expr: |\n")
	for line := range strings.Lines(expr) {
		file.WriteString("      " + line)
	}
	f, err := config.Parse("f.yaml", []byte(file.String()+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return Compile(f.Custom)
}

func run(t *testing.T, r []*rules.Rule, modules []string, baseline []string) *lint.Result {
	t.Helper()
	c := lint.Config{Rules: r}
	for _, m := range modules {
		c.Inputs = append(c.Inputs, lint.Source{Path: "../../../../fixtures/" + m, Named: true})
	}
	for _, m := range baseline {
		c.Baseline = append(c.Baseline, lint.Source{Path: "../../../../fixtures/" + m, Named: true})
	}
	result, err := lint.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func messages(r *lint.Result) []string {
	out := []string{}
	for _, f := range r.Findings {
		out = append(out, f.Message)
	}
	return out
}

func TestModuleRules(t *testing.T) {
	const statesKo, replaceKo, oneFunc = "static/states.ko", "static/replace.ko", "static/one-func.ko"
	for _, test := range []struct {
		name, expr, module string
		want               []string
	}{
		{"holds", `module.name == "static_one_func"`, oneFunc, []string{}},
		{"fails", `module.name != "static_one_func"`, oneFunc, []string{"the rule"}},
		{"no func of the scheduler", `!module.objects.exists(o, o.name == "vmlinux" && o.funcs.exists(f, f.name.matches("^(cmdline|__switch_to)")))`, oneFunc, []string{"the rule"}},
		{"cumulative with a state", `!module.replace.flag || module.states.exists(s, s.id == 42u)`, replaceKo, []string{"the rule"}},
		{"states", `module.states.map(s, s.id).exists(i, i > 0u)`, statesKo, []string{}},
		{"list of messages", `module.objects.map(o, "patches " + o.name)`, oneFunc, []string{"patches vmlinux"}},
		{"empty list", `module.objects.filter(o, o.literal).map(o, o.name)`, oneFunc, []string{}},
		{"sizes are int", `module.size > 100 && module.depends.size() == 0`, oneFunc, []string{}},
		{"relocations", `module.klp_relas.all(r, r.symbols.all(s, s.sympos <= 1u))`, "klp-relocs/vmlinux.ko", []string{}},
		{"callbacks", `module.objects.exists(o, "pre_patch" in o.callbacks)`, "static/callbacks.ko", []string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := compileOne(t, "module", test.expr)
			if err != nil {
				t.Fatal(err)
			}
			result := run(t, r, []string{test.module}, nil)
			if len(result.Errors) > 0 {
				t.Fatalf("errors: %v", result.Errors)
			}
			if got := messages(result); !slices.Equal(got, test.want) {
				t.Errorf("findings %q, want %q", got, test.want)
			}
		})
	}
}

func TestPairRules(t *testing.T) {
	r, err := compileOne(t, "pairs", `module.name == other.name ? [] : [module.name + " and " + other.name + (other.baseline ? " (built)" : "")]`)
	if err != nil {
		t.Fatal(err)
	}
	result := run(t, r, []string{"static/one-func.ko", "static/replace.ko"}, []string{"static/states.ko"})
	if len(result.Errors) > 0 {
		t.Fatalf("errors: %v", result.Errors)
	}
	want := []string{
		"static_one_func and static_replace", "static_one_func and static_states (built)",
		"static_replace and static_one_func", "static_replace and static_states (built)",
	}
	got := messages(result)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("findings %q, want %q", got, want)
	}
}

// Two findings of one message are told apart by the name of the other module.
func TestPairRulesNameThePartner(t *testing.T) {
	r, err := compileOne(t, "pairs", `module.name == other.name`)
	if err != nil {
		t.Fatal(err)
	}
	result := run(t, r, []string{"static/one-func.ko"}, []string{"static/states.ko", "static/replace.ko"})
	var got []string
	for _, f := range result.Findings {
		got = append(got, f.Message+": "+strings.Join(f.Identity, ", "))
	}
	slices.Sort(got)
	if want := []string{"the rule: module static_replace", "the rule: module static_states"}; !slices.Equal(got, want) {
		t.Errorf("findings %q, want %q", got, want)
	}
}

// What is too much to be said is not all that the finding is about.
func TestManyMessages(t *testing.T) {
	r, err := compileOne(t, "module", "["+strings.Repeat("'one', ", maxMessages)+"'more']")
	if err != nil {
		t.Fatal(err)
	}
	got := run(t, r, []string{"static/one-func.ko"}, nil).Findings
	if len(got) != maxMessages || got[0].Unshown != 0 || got[maxMessages-1].Unshown != 1 {
		t.Errorf("%d findings, the last one %+v", len(got), got[len(got)-1])
	}
	if r, err = compileOne(t, "module", "['"+strings.Repeat("x", maxMessage)+"', '"+strings.Repeat("x", maxMessage)+"y']"); err != nil {
		t.Fatal(err)
	}
	got = run(t, r, []string{"static/one-func.ko"}, nil).Findings
	if len(got) != 2 || got[0].Identity != nil || len(got[1].Identity) != 1 {
		t.Errorf("%+v", got)
	}
}

// Mistakes are found before anything is read, with their place in the file:
// the expression begins at line 7, column 7.
func TestCompileErrors(t *testing.T) {
	for _, test := range []struct{ name, over, expr, want string }{
		{"misspelt field", "module", `module.nme == "x"`, "f.yaml:7:13: SITE001: undefined field 'nme'"},
		{"second line", "module", "true &&\n  module.nme == \"x\"", "f.yaml:8:15: SITE001: undefined field 'nme'"},
		{"wrong type", "module", `module.name == 1`, "f.yaml:7:19: SITE001: found no matching overload"},
		{"unsigned", "module", `module.replace.set == 1`, "write 42u"},
		{"no bool", "module", `module.name`, "f.yaml:7:7: SITE001: the expression is of type string"},
		{"list of numbers", "module", `[1, 2]`, "of type list(int)"},
		{"syntax", "module", `module.name ==`, "f.yaml:7:"},
		{"no clock", "module", `now() == now()`, "undeclared reference"},
		{"other in a rule over modules", "module", `other.name == "x"`, "undeclared reference to 'other'"},
		{"field that pairs do not have", "pairs", `module.license == "GPL"`, "undefined field 'license'"},
		{"deep", "module", strings.Repeat("(", 200) + "true" + strings.Repeat(")", 200), "recursion limit"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := compileOne(t, test.over, test.expr)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// An expression that would take too long has not judged the module.
func TestBudget(t *testing.T) {
	list := "[0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9]"
	r, err := compileOne(t, "module", list+".all(a, "+list+".all(b, "+list+".all(c, "+list+".all(d, a + b + c + d < 100))))")
	if err != nil {
		t.Fatal(err)
	}
	result := run(t, r, []string{"static/one-func.ko"}, nil)
	if len(result.Errors) != 1 || !strings.Contains(result.Errors[0].Message, "cost limit") {
		t.Errorf("errors %v, findings %v", result.Errors, result.Findings)
	}
}

// The rules made here are rules like all others.
func TestRulesAreValid(t *testing.T) {
	r, err := compileOne(t, "module", "true")
	if err != nil {
		t.Fatal(err)
	}
	if err := analysis.Validate([]*analysis.Analyzer{r[0].Analyzer}); err != nil {
		t.Error(err)
	}
	if r[0].Severity != finding.Error || !slices.Contains(r[0].Tags, "custom") || r[0].Title() != "the rule" {
		t.Errorf("rule %v %v %q", r[0].Severity, r[0].Tags, r[0].Title())
	}
	for _, want := range []string{"f.yaml, line 2", "\n\nFix: "} {
		if !strings.Contains(r[0].Analyzer.Doc, want) {
			t.Errorf("documentation lacks %q:\n%s", want, r[0].Analyzer.Doc)
		}
	}
}

// The model has the fields of dump's JSON, no more and no fewer.
func TestModelIsThatOfDump(t *testing.T) {
	left := map[string]bool{"sha256": true, "demangled": true}
	full := &klp.Module{
		Kind: klp.KindLivepatch, Toolchain: klp.Static, SHA256: "x", SignatureError: "x",
		Signature: &klp.Signature{IDType: "x", Hash: "x", Algo: "x", Signer: "x"},
		Layout:    klp.Layout{Source: "x"},
		Patch: klp.Patch{
			Reason: "x", Objects: []klp.Object{{Funcs: []klp.Func{{Name: "_RNvC1a1b", OldSize: 1, New: klp.Code{Symbol: "x"}}}}},
			States: []klp.State{{ID: 1}},
		},
		KlpRelas: []klp.KlpRela{{Symbols: []int{0}}}, KlpSyms: []klp.KlpSym{{}},
	}
	want := make(map[string]bool)
	for _, r := range []klp.Replace{
		{Kind: klp.KindFlag, FieldSource: "x", Reason: "x"},
		{Kind: klp.KindSet, Supersedes: []uint32{1}},
		{Kind: klp.KindSets, Sets: []uint32{1}},
	} {
		full.Replace = r
		var b bytes.Buffer
		d := report.NewDumpJSON(&b, report.Options{})
		if err := d.Module(full); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(report.DumpTotal{}); err != nil {
			t.Fatal(err)
		}
		var out struct{ Modules []any }
		if err := json.Unmarshal(b.Bytes(), &out); err != nil {
			t.Fatal(err)
		}
		jsonFields(want, "module", out.Modules[0], left)
	}
	got := make(map[string]bool)
	celFields(got, "module", reflect.TypeFor[Module]())
	if g, w := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(g, w) {
		t.Errorf("fields of the model:\n%s\nfields of dump:\n%s", strings.Join(g, " "), strings.Join(w, " "))
	}
}

func jsonFields(out map[string]bool, at string, v any, left map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, value := range v {
			if !left[k] {
				out[at+"."+k] = true
				jsonFields(out, at+"."+k, value, left)
			}
		}
	case []any:
		for _, value := range v {
			jsonFields(out, at, value, left)
		}
	}
}

func celFields(out map[string]bool, at string, t reflect.Type) {
	for t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		name := at + "." + t.Field(i).Tag.Get("cel")
		out[name] = true
		celFields(out, name, t.Field(i).Type)
	}
}

// What a module is called does not matter to the model.
func TestModelOfFixture(t *testing.T) {
	m, err := elfread.Open("../../../../fixtures/static/states.ko", elfread.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := modelOf(m)
	if got.Name != "static_states" || len(got.States) == 0 || got.License != "GPL" || got.KernelRelease == "" {
		t.Errorf("model %+v", got)
	}
}

func BenchmarkModule(b *testing.B) {
	f, err := config.Parse("f.yaml", []byte("custom: [{id: SITE001, message: m, doc: d, expr: '!module.objects.exists(o, o.funcs.exists(f, f.name.matches(\"^schedule\")))'}]\n"))
	if err != nil {
		b.Fatal(err)
	}
	list, err := Compile(f.Custom)
	if err != nil {
		b.Fatal(err)
	}
	m, err := elfread.Open("../../../../fixtures/static/many.ko", elfread.Options{})
	if err != nil {
		b.Fatal(err)
	}
	pass := &analysis.Pass{Analyzer: list[0].Analyzer, ResultOf: map[*analysis.Analyzer]any{rules.ModuleInput: m}, Report: func(analysis.Diagnostic) {}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := list[0].Analyzer.Run(pass); err != nil {
			b.Fatal(err)
		}
	}
}
