package manifest

import (
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/rules"
)

// judge compares a module with a manifest.
func judge(t *testing.T, m *Manifest, module string) []string {
	t.Helper()
	r := rules.SiteRules(rules.Site{Expected: m.Expected})[0]
	result, err := lint.Run(t.Context(), lint.Config{Rules: []*rules.Rule{r}, Enable: []string{r.ID()}, Inputs: []lint.Source{{Path: module, Named: true}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Errors) > 0 {
		t.Fatalf("errors: %v", result.Errors)
	}
	out := []string{}
	for _, f := range result.Findings {
		out = append(out, f.Message)
	}
	return out
}

func TestExpected(t *testing.T) {
	for _, test := range []struct {
		name, module, manifest string
		want                   []string
	}{
		{"as it should be", "static/one-func.ko", "vmlinux cmdline_proc_show\n", nil},
		{"sympos 0 and 1 are one", "static/one-func.ko", "vmlinux cmdline_proc_show,1\n", nil},
		{
			"missing", "static/one-func.ko", "vmlinux cmdline_proc_show\next4 ext4_iget,2\n",
			[]string{"func ext4_iget,2 of ext4 is in the manifest but is not patched"},
		},
		{
			"additional", "static/one-func.ko", "[static_one_func]\n",
			[]string{"func cmdline_proc_show of vmlinux is not in the manifest"},
		},
		{"conditional", "static/one-func.ko", "vmlinux cmdline_proc_show\nvmlinux x klpp_x #if A\n", nil},
		{
			"other replacement", "static/one-func.ko", "vmlinux cmdline_proc_show klpp_cmdline_proc_show\n",
			[]string{"func cmdline_proc_show of vmlinux is replaced by klp_cmdline_proc_show, the manifest says klpp_cmdline_proc_show"},
		},
		{"other module", "static/one-func.ko", "[klp]\nvmlinux cmdline_proc_show\n", []string{"the manifest does not list module static_one_func"}},
		{
			"replace", "static/replace.ko", `{"schema": 1, "modules": [{"name": "static_replace", "replace": {"kind": "flag"}, "states": [{"id": 7, "version": 1}], "funcs": [{"object": "vmlinux", "name": "cmdline_proc_show"}]}]}`,
			[]string{"state 7 is in the manifest but not in the module", "the module has replace: true, the manifest says replace: false"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := Parse([]byte(test.manifest))
			if err != nil {
				t.Fatal(err)
			}
			got := judge(t, m, "../../../../fixtures/"+test.module)
			slices.Sort(got)
			if !slices.Equal(got, test.want) && len(got)+len(test.want) > 0 {
				t.Errorf("findings %q, want %q", got, test.want)
			}
		})
	}
}

// What klplint dump writes of a module is what the module is.
func TestManifestOfItself(t *testing.T) {
	for _, name := range []string{"static/states.ko", "static/many.ko", "kpatch/many.ko", "klp-build/many.ko", "sets/sets-many.ko", "sets/supersedes.ko"} {
		path := "../../../../fixtures/" + name
		m, err := elfread.Open(path, elfread.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		w := NewWriter(&b)
		if err := w.Module(m); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		expected, err := Parse([]byte(b.String()))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := judge(t, expected, path); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}
