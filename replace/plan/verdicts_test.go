package plan_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/replace/plan"
)

// behaviours of the kernels that were measured, by file.
var behaviours = map[string]klp.Behaviour{
	"mainline-6.1":     {Release: "6.1.192", InitEEXIST: []string{"EEXIST"}, NullNameCrashes: klp.Yes, Sympos01: klp.Yes, KsymNameLen: 512},
	"mainline-6.12":    {Release: "6.12.111", InitEEXIST: []string{"EEXIST"}, NullNameCrashes: klp.Yes, Sympos01: klp.Yes, KsymNameLen: 512},
	"mainline-7.3":     {Release: "7.3.4", InitEEXIST: []string{"EBUSY"}, NullNameCrashes: klp.No, Sympos01: klp.Yes, KsymNameLen: 512},
	"replace-set-6.12": {Release: "6.12.117", InitEEXIST: []string{"EEXIST"}, NullNameCrashes: klp.Yes, Sympos01: klp.Yes, KsymNameLen: 512},
}

// verdictStep is one step of a measured scenario.
type verdictStep struct {
	Op, Module, Errno string
	Active            []string
	Owners            map[string]string
}

// TestVerdictsAsPlans writes every measured scenario as a plan, word by word:
// the plan's keys are those of the measurement, and JSON is YAML.
func TestVerdictsAsPlans(t *testing.T) {
	for file, b := range behaviours {
		data, err := os.ReadFile("../testdata/verdicts/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var v struct {
			Model     string
			Modules   map[string]map[string]any
			Scenarios []struct {
				Name  string
				Steps []verdictStep
			}
		}
		d := json.NewDecoder(strings.NewReader(string(data)))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		model, err := replace.ByName(v.Model)
		if err != nil {
			t.Fatal(err)
		}
		for _, sc := range v.Scenarios {
			t.Run(file+"/"+sc.Name, func(t *testing.T) {
				source := planOf(t, v.Modules, sc.Steps)
				p, err := plan.Parse(source)
				if err != nil {
					t.Fatalf("%v\n%s", err, source)
				}
				follow(t, p.Run(model, replace.Env{Behaviour: b})[0], sc.Steps)
			})
		}
	}
}

func planOf(t *testing.T, all map[string]map[string]any, steps []verdictStep) []byte {
	t.Helper()
	modules := map[string]map[string]any{}
	var moves []map[string]string
	for _, s := range steps {
		m := maps.Clone(all[s.Module])
		m["module"], m["name"] = m["name"], s.Module
		switch s.Module {
		case "enable_twice":
			m["enable_twice"] = true
		case "cb_fail":
			m["pre_patch_errno"] = "ENODEV"
		}
		modules[s.Module] = m
		moves = append(moves, map[string]string{s.Op: s.Module})
	}
	var list []any
	for _, k := range slices.Sorted(maps.Keys(modules)) {
		list = append(list, modules[k])
	}
	source, err := json.Marshal(map[string]any{
		"symbols": map[string]any{"vmlinux": []string{
			"cmdline_proc_show", "version_proc_show", "uptime_proc_show", "loadavg_proc_show",
			"label_show", "label_show", "label_show", "id_show", "id_show", "id_show", "init_task", "exc_int3",
		}},
		"untraceable": map[string]any{"vmlinux": []string{"init_task", "exc_int3"}},
		"modules":     list,
		"steps":       moves,
	})
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func follow(t *testing.T, tr plan.Trace, steps []verdictStep) {
	t.Helper()
	if tr.NotJudged != "" || len(tr.Steps) != len(steps) {
		t.Fatalf("%d steps of %d: %s", len(tr.Steps), len(steps), tr.NotJudged)
	}
	for i, want := range steps {
		got := &tr.Steps[i]
		errno := got.Decision.Errno
		switch {
		case got.Decision.Outcome == replace.Crash:
			errno = "CRASH"
		case errno == "":
			errno = "OK"
		}
		if errno != want.Errno {
			t.Errorf("step %d: %s (%s), the kernel said %s", i+1, errno, got.Decision.Reason, want.Errno)
		}
		active := []string{}
		for _, a := range got.Active {
			active = append(active, a.Name)
		}
		slices.Sort(active)
		if diff := cmp.Diff(want.Active, active); diff != "" {
			t.Errorf("step %d: active (-kernel +predicted):\n%s", i+1, diff)
		}
		for f, o := range want.Owners {
			if got.Owners[f] != o {
				t.Errorf("step %d: %s is run by %q, in the kernel by %q", i+1, f, got.Owners[f], o)
			}
		}
		for f := range got.Owners {
			_, seen := want.Owners[f]
			callable := strings.HasSuffix(f, "_proc_show") && strings.HasPrefix(f, "vmlinux:") || strings.HasPrefix(f, "klp_target:")
			if callable && !seen {
				t.Errorf("step %d: %s has an owner, in the kernel none", i+1, f)
			}
		}
	}
}

// TestVerdictFiles: none is left out above.
func TestVerdictFiles(t *testing.T) {
	files, _ := filepath.Glob("../testdata/verdicts/*.json")
	if len(files) != len(behaviours) {
		t.Errorf("%d files, %d behaviours", len(files), len(behaviours))
	}
}
