package rules

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/klp"
)

// verdicts is what a running kernel answered to generated modules.
type verdicts struct {
	Kernel    string
	Modules   map[string]verdictModule
	Scenarios []struct {
		Name  string
		Steps []struct {
			Op, Module, Errno string
			Messages          []string
		}
	}
}

type verdictModule struct {
	Name    string
	Kind    string
	Objects []verdictObject
	States  []struct {
		ID      uint64
		Version uint32
	}
	Replace   bool
	Livepatch bool
	License   string
	PatchNull bool `json:"patch_null"`
	ModNull   bool `json:"mod_null"`
}

type verdictObject struct {
	Name      *string
	Callbacks bool
	Funcs     []struct {
		Name    *string
		Sympos  uint64
		NewNull bool `json:"new_null"`
	}
}

// module is what elfread would read of it. Lists that are null in the file are
// NULL pointers, empty ones are arrays with nothing but their end.
func (v *verdictModule) module(key, release string) *klp.Module {
	m := sound()
	m.Name = v.Name
	m.Vermagic = klp.Vermagic{Raw: release + " SMP ", Release: release, Flags: []string{"SMP"}}
	m.KlpRelas, m.KlpSyms = nil, nil
	m.Modinfo.Entries = []klp.ModinfoEntry{{Key: "license", Value: v.License}}
	if v.Livepatch {
		m.Modinfo.Entries = append(m.Modinfo.Entries, klp.ModinfoEntry{Key: "livepatch", Value: "Y"})
	}
	m.Replace.Flag = v.Replace
	m.Patch = klp.Patch{Found: true, ModNull: v.ModNull, ObjsNull: v.Objects == nil, HasStates: v.States != nil}
	for _, s := range v.States {
		m.Patch.States = append(m.Patch.States, klp.State{ID: s.ID, Version: s.Version})
	}
	for _, o := range v.Objects {
		object := klp.Object{Name: "vmlinux", Null: true, FuncsNull: o.Funcs == nil}
		if o.Name != nil {
			object = klp.Object{Name: *o.Name, Literal: *o.Name == "vmlinux", FuncsNull: o.Funcs == nil}
		}
		for _, f := range o.Funcs {
			fn := klp.Func{NameNull: f.Name == nil, Sympos: f.Sympos, New: klp.Code{Null: f.NewNull, Exec: true}}
			if f.Name != nil {
				fn.Name = *f.Name
			}
			object.Funcs = append(object.Funcs, fn)
		}
		m.Patch.Objects = append(m.Patch.Objects, object)
	}
	if v.PatchNull {
		m.Init.Enables[0].Arg = klp.ArgNull
	}
	m.Init.Repeats = key == "enable_twice" // which is what that module does
	return m
}

// What the rules of one module foretell is what three real kernels did. A
// refusal that has another cause, the kernel's symbols or the patches already
// there, is not theirs to foretell.
func TestModuleRulesAgreeWithRealKernels(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "replace", "testdata", "verdicts", "mainline-*.json"))
	if err != nil || len(files) < 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	number := regexp.MustCompile(`\d+\.\d+\.\d+`)
	elsewhere := regexp.MustCompile(`symbol|location|callback|not compatible|patch '`)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var v verdicts
			if err := json.Unmarshal(content, &v); err != nil {
				t.Fatal(err)
			}
			release := number.FindString(v.Kernel)
			foretold := 0
			for _, s := range v.Scenarios {
				for i, step := range s.Steps {
					module, ok := v.Modules[step.Module]
					if !ok || step.Op != "load" || module.Kind == "target" {
						continue
					}
					errnos, hangs := foretell(t, module.module(step.Module, release))
					switch alone := i == 0; {
					case step.Errno == "OK" && len(errnos) > 0:
						t.Errorf("%s: %s loads, foretold %v", s.Name, step.Module, errnos)
					case step.Errno == "OK" && hangs:
						t.Errorf("%s: %s loads, foretold a crash", s.Name, step.Module)
					case step.Errno == "CRASH" && hangs, slices.Contains(errnos, step.Errno):
						foretold++
					case step.Errno == "OK", !alone, elsewhere.MatchString(strings.Join(step.Messages, "\n")):
					default:
						t.Errorf("%s: %s is refused with %s, foretold %v", s.Name, step.Module, step.Errno, errnos)
					}
				}
			}
			if foretold < 10 {
				t.Errorf("%d refusals foretold, want at least 10", foretold)
			}
		})
	}
}

// foretell returns the errnos that findings name, and whether one says that the
// kernel crashes or hangs.
func foretell(t *testing.T, m *klp.Module) (errnos []string, hangs bool) {
	for _, r := range slices.Concat(moduleRules(), relocationRules(), loaderRelocationRules(), hygieneRules()) {
		for _, f := range apply(t, r, m) {
			if f.Kernel == nil {
				continue
			}
			if f.Kernel.Errno != "" {
				errnos = append(errnos, f.Kernel.Errno)
			}
			if strings.Contains(f.Kernel.Note, "oops") || strings.Contains(f.Kernel.Note, "forever") {
				hangs = true
			}
		}
	}
	return errnos, hangs
}
