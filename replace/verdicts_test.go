package replace_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// A verdict file holds what one real kernel answered to scenarios of loads.
type verdicts struct {
	Kernel    string
	Model     string
	Modules   map[string]verdictModule
	Scenarios []struct {
		Name  string
		Steps []struct {
			Op, Module, Errno string
			Messages, Active  []string
			Owners            map[string]string
		}
	}
}

type verdictModule struct {
	Kind    string
	Name    string
	Funcs   []string // of a target
	Objects *[]struct {
		Name      *string
		Callbacks bool
		Funcs     *[]struct {
			Name    *string
			Sympos  uint64
			NewNull bool `json:"new_null"`
		}
	}
	States *[]struct {
		ID      uint64
		Version uint32
	}
	Replace    *bool
	ReplaceSet *uint32 `json:"replace_set"`
	Livepatch  *bool
	License    string
	ModNull    bool `json:"mod_null"`
	PatchNull  bool `json:"patch_null"`
}

func (v *verdictModule) module(key string) *klp.Module {
	m := &klp.Module{Path: key + ".ko", Name: v.Name, Kind: klp.KindLivepatch, Toolchain: klp.Static}
	m.Modinfo.Present = true
	m.Modinfo.Entries = append(m.Modinfo.Entries, klp.ModinfoEntry{Key: "license", Value: v.License})
	if *v.Livepatch {
		m.Modinfo.Entries = append(m.Modinfo.Entries, klp.ModinfoEntry{Key: "livepatch", Value: "Y"})
	}
	arg := klp.ArgData
	if v.PatchNull {
		arg = klp.ArgNull
	}
	m.Init = klp.Init{Decoded: true, Enables: []klp.Enable{{Arg: arg}}}
	if key == "enable_twice" {
		m.Init.Enables = append(m.Init.Enables, m.Init.Enables[0])
		m.Init.Repeats = true
	}
	switch {
	case v.ReplaceSet != nil:
		m.Replace = klp.Replace{Kind: klp.KindSet, Set: *v.ReplaceSet, Source: klp.FromData}
	case v.Replace != nil:
		m.Replace = klp.Replace{Kind: klp.KindFlag, Flag: *v.Replace, Source: klp.FromData}
	}
	p := &m.Patch
	p.Found, p.ModNull, p.ObjsNull = true, v.ModNull, v.Objects == nil
	if v.States != nil {
		p.HasStates = true
		for _, s := range *v.States {
			p.States = append(p.States, klp.State{ID: s.ID, Version: s.Version})
		}
	}
	if v.Objects == nil {
		return m
	}
	for i, vo := range *v.Objects {
		o := klp.Object{Name: klp.VmlinuxObjectName, Null: vo.Name == nil, FuncsNull: vo.Funcs == nil}
		if vo.Name != nil {
			o.Name, o.Literal = *vo.Name, *vo.Name == klp.VmlinuxObjectName
		}
		if vo.Callbacks {
			o.Callbacks = []klp.Callback{{Kind: klp.PrePatch}, {Kind: klp.PostPatch}, {Kind: klp.PreUnpatch}, {Kind: klp.PostUnpatch}}
		}
		if vo.Funcs != nil {
			for j, vf := range *vo.Funcs {
				f := klp.Func{NameNull: vf.Name == nil, Sympos: vf.Sympos, New: klp.Code{Null: vf.NewNull, Symbol: fmt.Sprintf("repl_%d_%d", i, j)}}
				if vf.Name != nil {
					f.Name = *vf.Name
				}
				o.Funcs = append(o.Funcs, f)
			}
		}
		p.Objects = append(p.Objects, o)
	}
	return m
}

// measuredKernel answers as the kernels of the verdicts do: three occurrences
// of label_show and of id_show, everything else that exists once.
type measuredKernel struct{ behaviour klp.Behaviour }

var measuredSymbols = replace.SymbolList{
	"cmdline_proc_show": 1, "version_proc_show": 1, "uptime_proc_show": 1, "loadavg_proc_show": 1,
	"label_show": 3, "id_show": 3, "init_task": 1, "exc_int3": 1,
}

func (k measuredKernel) Behaviour() klp.Behaviour { return k.behaviour }

func (k measuredKernel) FindSym(object, name string, sympos uint64) klp.SymbolAnswer {
	if object != klp.VmlinuxObjectName {
		return klp.SymbolAnswer{Status: klp.SymbolUnknown, Reason: "only vmlinux is known"}
	}
	return measuredSymbols.FindSym(object, name, sympos)
}

func (k measuredKernel) FindFunc(object, name string, sympos uint64) klp.SymbolAnswer {
	a := k.FindSym(object, name, sympos)
	if a.Status == klp.SymbolFound && (name == "init_task" || name == "exc_int3") {
		a.Status = klp.SymbolUntraceable
		a.Refusal = klp.Refusal{Errno: "EINVAL", Message: fmt.Sprintf("failed to find location for function '%s'", name), Reason: name + " cannot be traced"}
	}
	return a
}

func (measuredKernel) CheckLoad(*klp.Module) []klp.Refusal { return nil }

// The kernels' ways, as measured.
var measured = map[string]klp.Behaviour{
	"mainline-6.1":     {Release: "6.1.192", InitEEXIST: []string{"EEXIST"}, NullNameCrashes: klp.Yes, Sympos01: klp.Yes, KsymNameLen: 512, RefusesVmlinuxInModuleRela: klp.Yes},
	"mainline-6.12":    {Release: "6.12.111", InitEEXIST: []string{"EEXIST"}, NullNameCrashes: klp.Yes, Sympos01: klp.Yes, KsymNameLen: 512, RefusesVmlinuxInModuleRela: klp.Yes},
	"mainline-7.3":     {Release: "7.3.4", InitEEXIST: []string{"EBUSY"}, NullNameCrashes: klp.No, Sympos01: klp.Yes, KsymNameLen: 512, RefusesVmlinuxInModuleRela: klp.Yes},
	"replace-set-6.12": {Release: "6.12.117", InitEEXIST: []string{"EEXIST"}, NullNameCrashes: klp.Yes, Sympos01: klp.Yes, KsymNameLen: 512, RefusesVmlinuxInModuleRela: klp.Yes},
}

// callable reports whether the measurement could see an owner: by calling the
// func through /proc, or in klp_target.
func callable(owner string) bool {
	return strings.HasPrefix(owner, "vmlinux:") && strings.HasSuffix(owner, "_proc_show") || strings.HasPrefix(owner, "klp_target:")
}

func TestVerdicts(t *testing.T) {
	files, err := filepath.Glob("testdata/verdicts/*.json")
	if err != nil || len(files) != len(measured) {
		t.Fatalf("want %d verdict files, have %v (%v)", len(measured), files, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var v verdicts
			if err := json.Unmarshal(data, &v); err != nil {
				t.Fatal(err)
			}
			if len(v.Scenarios) == 0 {
				t.Fatal("no scenarios")
			}
			model, err := replace.ByName(v.Model)
			if err != nil {
				t.Fatal(err)
			}
			for _, sc := range v.Scenarios {
				t.Run(sc.Name, func(t *testing.T) {
					replay(t, model, measured[name], &v, sc.Name)
				})
			}
		})
	}
}

func replay(t *testing.T, model replace.Model, b klp.Behaviour, v *verdicts, scenario string) {
	s := replace.NewSystem(model, replace.Env{Behaviour: b, Target: measuredKernel{b}})
	for _, sc := range v.Scenarios {
		if sc.Name != scenario {
			continue
		}
		for i, step := range sc.Steps {
			m := v.Modules[step.Module]
			var d replace.Decision
			switch {
			case step.Op == "load" && m.Kind == "target":
				list := replace.SymbolList{}
				for _, f := range m.Funcs {
					list[f]++
				}
				s, d = s.LoadTarget(replace.TargetModule{Name: m.Name, Symbols: list})
			case step.Op == "load":
				p, err := replace.NewLivepatch(model, m.module(step.Module))
				if err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(step.Module, "cb_fail") {
					p.PrePatchErrno = "ENODEV"
				}
				s, d = s.Load(p, replace.LoadOptions{})
			case step.Op == "disable":
				s, d = s.Disable(m.Name)
			case step.Op == "unload":
				s, d = s.Unload(m.Name)
			default:
				t.Fatalf("step %d: unknown op %q", i+1, step.Op)
			}
			where := fmt.Sprintf("step %d, %s %s (%s, %s)", i+1, step.Op, step.Module, d.Outcome, d.Reason)
			errno := "OK"
			switch d.Outcome {
			case replace.Refused:
				errno = d.Errno
			case replace.Crash:
				errno = "CRASH"
			}
			if errno != step.Errno {
				t.Errorf("%s: errno %s, the kernel said %s", where, errno, step.Errno)
			}
			if len(d.Undecided) > 0 {
				t.Errorf("%s: undecided: %v", where, d.Undecided)
			}
			if errno != "OK" && errno != "CRASH" {
				var said []string
				for _, line := range step.Messages {
					said = append(said, strings.TrimPrefix(line, "livepatch: "))
				}
				if diff := cmp.Diff(said, d.Messages); diff != "" {
					t.Errorf("%s: messages (-kernel +predicted):\n%s", where, diff)
				}
			}
			active := map[string]bool{}
			for _, p := range s.Active() {
				active[p.Name] = true
			}
			wantActive := map[string]bool{}
			for _, a := range step.Active {
				wantActive[a] = true
			}
			if diff := cmp.Diff(wantActive, active); diff != "" {
				t.Errorf("%s: active (-kernel +predicted):\n%s", where, diff)
			}
			owners := map[string]string{}
			for k, o := range s.Owners() {
				if callable(k) {
					owners[k] = o
				}
			}
			if diff := cmp.Diff(step.Owners, owners); diff != "" {
				t.Errorf("%s: owners (-kernel +predicted):\n%s", where, diff)
			}
		}
	}
}
