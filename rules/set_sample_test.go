package rules

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

// sample describes a module for the set rules in few words.
type sample struct {
	name     string
	replace  klp.Replace
	funcs    string // "foo bar,2 ext4:baz 'vmlinux':qux foo,0"; ",0" and none are the same
	states   string // "7:1 8:2", id:version
	shadows  []uint64
	owner    string
	channel  string
	baseline bool
}

func flag(v bool) klp.Replace {
	return klp.Replace{Kind: klp.KindFlag, Flag: v, Source: klp.FromData, FieldSource: klp.FieldAssumed}
}

func number(n uint32, supersedes ...uint32) klp.Replace {
	return klp.Replace{Kind: klp.KindSet, Set: n, Supersedes: supersedes, Source: klp.FromData, FieldSource: klp.FieldDWARF}
}

func list(n ...uint32) klp.Replace {
	return klp.Replace{Kind: klp.KindSets, Sets: n, Source: klp.FromData, FieldSource: klp.FieldDWARF}
}

// atRunTime is a flag that a module parameter decides.
func atRunTime() klp.Replace {
	return klp.Replace{Kind: klp.KindFlag, Source: klp.FromRuntime, FieldSource: klp.FieldAssumed, Reason: "a module parameter"}
}

func (s sample) module() *klp.Module {
	m := &klp.Module{
		Path: s.name + ".ko", Name: s.name, Kind: klp.KindLivepatch, Arch: klp.X86_64, Toolchain: klp.Static,
		Vermagic: klp.Vermagic{Release: "6.12.111+deb12-amd64"},
		Modinfo:  klp.Modinfo{Present: true, Entries: []klp.ModinfoEntry{{Key: "livepatch", Value: "Y"}, {Key: "license", Value: "GPL"}}},
		Replace:  s.replace,
		Patch:    klp.Patch{Found: true, HasStates: s.states != ""},
	}
	m.Replace.At = klp.Location{Section: ".data", Offset: 24, Symbol: "patch", File: 1024}
	object := func(name string) *klp.Object {
		bare := strings.Trim(name, "'")
		for i := range m.Patch.Objects {
			if o := &m.Patch.Objects[i]; o.Name == bare && o.Literal == (bare != name) {
				return o
			}
		}
		m.Patch.Objects = append(m.Patch.Objects, klp.Object{Name: bare, Null: name == "vmlinux", Literal: bare != name})
		return &m.Patch.Objects[len(m.Patch.Objects)-1]
	}
	for i, f := range strings.Fields(s.funcs) {
		name, found := "", false
		o, name, found := strings.Cut(f, ":")
		if !found {
			o, name = "vmlinux", f
		}
		name, sympos, _ := strings.Cut(name, ",")
		n, _ := strconv.ParseUint(sympos, 10, 64)
		obj := object(o)
		if name == "" { // "ext4:" is an object with callbacks alone
			obj.Callbacks = append(obj.Callbacks, klp.Callback{Kind: klp.PrePatch, Func: klp.Code{Symbol: "pre"}})
			continue
		}
		obj.Funcs = append(obj.Funcs, klp.Func{
			Name: name, Sympos: n, New: klp.Code{Symbol: "new_" + name, Size: 32},
			At: klp.Location{Section: ".data", Offset: uint64(152 * i), Symbol: "funcs", File: int64(4096 + 152*i)},
		})
	}
	for i, st := range strings.Fields(s.states) {
		id, version, _ := strings.Cut(st, ":")
		n, _ := strconv.ParseUint(id, 10, 64)
		v, _ := strconv.ParseUint(version, 10, 32)
		m.Patch.States = append(m.Patch.States, klp.State{ID: n, Version: uint32(v), At: klp.Location{Section: ".data", Offset: uint64(24 * i), Symbol: "states"}})
	}
	for i, id := range s.shadows {
		m.ShadowIDs = append(m.ShadowIDs, klp.ShadowID{ID: id, By: "klp_shadow_alloc", At: klp.Location{Section: ".text", Offset: uint64(i), File: 64}})
	}
	return m
}

func newSample(o moduleset.Options, samples ...sample) *moduleset.Set {
	if o.Behaviour.Release == "" {
		o.Behaviour = kernel.BehaviourOf("6.12.111+deb12-amd64")
	}
	members := make([]*moduleset.Member, len(samples))
	for i, s := range samples {
		members[i] = moduleset.NewMember(s.module(), s.baseline)
		members[i].Owner, members[i].Channel = s.owner, s.channel
	}
	return moduleset.New(members, o)
}

// runOn runs a set rule as the driver does.
func runOn(t testing.TB, rule *Rule, s *moduleset.Set) ([]finding.Finding, error) {
	t.Helper()
	result, err := rule.Analyzer.Run(passOf(rule, s))
	return result.([]finding.Finding), err
}

func passOf(rule *Rule, s *moduleset.Set) *analysis.Pass {
	return &analysis.Pass{
		Analyzer: rule.Analyzer,
		ResultOf: map[*analysis.Analyzer]any{SetInput: s},
		Report:   func(analysis.Diagnostic) {},
	}
}

// old makes a sample one of the baseline.
func old(s sample) sample {
	s.baseline = true
	return s
}

func reversed(samples []sample) []sample {
	out := slices.Clone(samples)
	slices.Reverse(out)
	return out
}
