package lint

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/rules"
)

// files stands in for a disk: modules by path. What is not there is broken.
type files map[string]*klp.Module

func (f files) newReader() reader { return f }

func (f files) Open(path string) (*klp.Module, error) {
	if m := f[path]; m != nil {
		return m, nil
	}
	if strings.HasPrefix(path, "panic") {
		panic("reader")
	}
	return nil, &elfread.Error{Path: path, Section: ".symtab", Offset: 64, Err: errors.New("truncated")}
}

func (f files) Read(_ io.ReaderAt, _ int64, path string) (*klp.Module, error) { return f.Open(path) }

// module is a livepatch for 6.12 on x86_64 that patches one func.
func module(path, fn string) *klp.Module {
	return &klp.Module{
		Path: path, Name: strings.TrimSuffix(path, ".ko"), Kind: klp.KindLivepatch, Arch: klp.X86_64, Toolchain: klp.Static,
		Modinfo:  klp.Modinfo{Present: true, Entries: []klp.ModinfoEntry{{Key: "livepatch", Value: "Y"}, {Key: "license", Value: "GPL"}}},
		Vermagic: klp.Vermagic{Raw: "6.12.111 SMP ", Release: "6.12.111", Flags: []string{"SMP"}},
		Patch: klp.Patch{Found: true, Objects: []klp.Object{{
			Name: "vmlinux", Null: true,
			Funcs: []klp.Func{{Name: fn, New: klp.Code{Symbol: "new_" + fn, Exec: true, Start: true}}},
		}}},
		Replace: klp.Replace{Kind: klp.KindFlag, Flag: true, Source: klp.FromData},
		Init:    klp.Init{Decoded: true, Enables: []klp.Enable{{Arg: klp.ArgData}}},
		Imports: []klp.Import{{Name: "klp_enable_patch"}},
		Sections: []klp.Section{
			{},
			{Name: ".text", Type: 1, Flags: 6, Offset: 64, Size: 100},
			{Name: ".bss", Type: 8, Flags: 3, Offset: 100, Size: 100},
			{Name: ".data", Type: 1, Flags: 3, Offset: 164, Size: 36},
			{Name: ".gnu.linkonce.this_module", Type: 1, Flags: 3, Offset: 200, Size: 100},
		},
		Size: 300,
	}
}

const doc = `a rule of a farm

Something that only this farm cares for.

Fix: do as the farm wants.`

// rule makes a farm's own rule.
func rule(id string, run func(*analysis.Pass) (any, error), requires ...*analysis.Analyzer) *rules.Rule {
	if len(requires) == 0 {
		requires = []*analysis.Analyzer{rules.ModuleInput}
	}
	return &rules.Rule{
		Severity: finding.Error, Since: "1", Tags: []string{"farm"},
		Analyzer: &analysis.Analyzer{
			Name: id, Doc: doc, Requires: requires, ResultType: reflect.TypeFor[[]finding.Finding](), Run: run,
		},
	}
}

func moduleOf(pass *analysis.Pass) *klp.Module {
	return pass.ResultOf[rules.ModuleInput].(*klp.Module)
}

// everyFunc is a farm's rule that reports each func.
func everyFunc(pass *analysis.Pass) (any, error) {
	var findings []finding.Finding
	for _, o := range moduleOf(pass).Patch.Objects {
		for _, f := range o.Funcs {
			findings = append(findings, finding.Finding{Message: "func " + f.Name, Object: o.Name, Func: f.Name})
		}
	}
	return findings, nil
}

func named(paths ...string) []Source {
	var list []Source
	for _, p := range paths {
		list = append(list, Source{Path: p, Named: true})
	}
	return list
}

func messages(r *Result) []string {
	list := []string{}
	for _, f := range r.Findings {
		list = append(list, fmt.Sprintf("%s %s %v %s", f.Module, f.Rule, f.Severity, f.Message))
	}
	return list
}

// target is a kernel of which nothing is known but that it is there.
type target struct{ klp.Target }

func (target) Behaviour() klp.Behaviour { return klp.Behaviour{Release: "6.12.111"} }

// moduleRules are klplint's rules of one module: those that need nothing else.
func moduleRules() []*rules.Rule {
	return slices.DeleteFunc(rules.All(), func(r *rules.Rule) bool {
		return !r.Requires(rules.ModuleInput) || r.Requires(rules.KernelInput)
	})
}
