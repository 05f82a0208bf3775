//go:build !nocel

package siterule

import (
	"strings"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

// The models have the fields of dump's JSON (docs/json.md), so that what one
// sees there can be written here. sha256 and demangled are left out: they are
// worked out only for reports. Numbers that the kernel keeps unsigned are uint
// in CEL (42u), sizes of files are int.

// Module is `module` in a rule over modules.
type Module struct {
	Path           string    `cel:"path"`
	Name           string    `cel:"name"`
	Kind           string    `cel:"kind"`
	Arch           string    `cel:"arch"`
	KernelRelease  string    `cel:"kernel_release"`
	Vermagic       string    `cel:"vermagic"`
	Toolchain      string    `cel:"toolchain"`
	Size           int64     `cel:"size"`
	Compression    string    `cel:"compression"`
	Signed         bool      `cel:"signed"`
	Signature      Signature `cel:"signature"`
	SignatureError string    `cel:"signature_error"`
	License        string    `cel:"license"`
	Depends        []string  `cel:"depends"`
	Layout         Layout    `cel:"layout"`
	Replace        Replace   `cel:"replace"`
	Reason         string    `cel:"reason"`
	Objects        []Object  `cel:"objects"`
	States         []State   `cel:"states"`
	KlpRelas       []KlpRela `cel:"klp_relas"`
}

// Peer is `module` and `other` in a rule over pairs: what is kept of each of
// many modules.
type Peer struct {
	Path          string   `cel:"path"`
	Name          string   `cel:"name"`
	Baseline      bool     `cel:"baseline"` // already built, as opposed to under judgement
	KernelRelease string   `cel:"kernel_release"`
	Toolchain     string   `cel:"toolchain"`
	Size          int64    `cel:"size"`
	Replace       Replace  `cel:"replace"`
	Objects       []Object `cel:"objects"` // those with funcs
	States        []State  `cel:"states"`
}

// Signature is the module's signature; empty strings where it has none.
type Signature struct {
	IDType    string `cel:"id_type"`
	Hash      string `cel:"hash"`
	Algorithm string `cel:"algorithm"`
	Signer    string `cel:"signer"`
}

// Layout says how the layout of the tables was found.
type Layout struct {
	Source string `cel:"source"`
}

// Replace is the replace field.
type Replace struct {
	Kind        string   `cel:"kind"`
	Flag        bool     `cel:"flag"`
	Set         uint64   `cel:"set"`
	Sets        []uint64 `cel:"sets"`
	Supersedes  []uint64 `cel:"supersedes"`
	Null        bool     `cel:"null"`
	Source      string   `cel:"source"`
	FieldSource string   `cel:"field_source"`
	Reason      string   `cel:"reason"`
}

// Object is one patched object.
type Object struct {
	Name      string   `cel:"name"`
	Literal   bool     `cel:"literal"`
	Callbacks []string `cel:"callbacks"`
	Funcs     []Func   `cel:"funcs"`
}

// Func is one patched func.
type Func struct {
	Name    string `cel:"name"`
	Sympos  uint64 `cel:"sympos"`
	New     string `cel:"new"`
	NewSize uint64 `cel:"new_size"`
	OldSize uint64 `cel:"old_size"`
}

// State is one state.
type State struct {
	ID      uint64 `cel:"id"`
	Version uint64 `cel:"version"`
}

// KlpRela is one livepatch relocation section.
type KlpRela struct {
	Section string   `cel:"section"`
	Object  string   `cel:"object"`
	Target  string   `cel:"target"`
	Symbols []Symbol `cel:"symbols"`
}

// Symbol is one livepatch symbol.
type Symbol struct {
	Object string `cel:"object"`
	Name   string `cel:"name"`
	Sympos uint64 `cel:"sympos"`
}

func modelOf(m *klp.Module) *Module {
	license, _ := m.Modinfo.Get("license")
	depends, _ := m.Modinfo.Get("depends")
	out := &Module{
		Path: m.Path, Name: m.Name, Kind: string(m.Kind), Arch: string(m.Arch), KernelRelease: m.Vermagic.Release,
		Vermagic: m.Vermagic.Raw, Toolchain: string(m.Toolchain), Size: m.Size, Compression: string(m.Compression),
		Signed: m.Signature != nil, SignatureError: m.SignatureError, License: license,
		Layout: Layout{Source: string(m.Layout.Source)}, Replace: replaceOf(&m.Replace), Reason: m.Patch.Reason,
	}
	if s := m.Signature; s != nil {
		out.Signature = Signature{IDType: s.IDType, Hash: s.Hash, Algorithm: s.Algo, Signer: s.Signer}
	}
	for name := range strings.SplitSeq(depends, ",") {
		if name != "" {
			out.Depends = append(out.Depends, name)
		}
	}
	out.Objects = make([]Object, len(m.Patch.Objects))
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		to := &out.Objects[i]
		to.Name, to.Literal = o.Name, o.Literal
		for _, c := range o.Callbacks {
			to.Callbacks = append(to.Callbacks, string(c.Kind))
		}
		to.Funcs = make([]Func, len(o.Funcs))
		for j := range o.Funcs {
			f := &o.Funcs[j]
			to.Funcs[j] = Func{Name: f.Name, Sympos: f.Sympos, New: f.New.Symbol, NewSize: f.New.Size, OldSize: f.OldSize}
		}
	}
	for _, s := range m.Patch.States {
		out.States = append(out.States, State{s.ID, uint64(s.Version)})
	}
	for i := range m.KlpRelas {
		r := &m.KlpRelas[i]
		to := KlpRela{Section: r.Section, Object: r.Object, Target: r.Target}
		for _, j := range r.Symbols {
			s := &m.KlpSyms[j]
			to.Symbols = append(to.Symbols, Symbol{s.Object, s.Name, s.Sympos})
		}
		out.KlpRelas = append(out.KlpRelas, to)
	}
	return out
}

func replaceOf(r *klp.Replace) Replace {
	return Replace{
		Kind: string(r.Kind), Flag: r.Flag, Set: uint64(r.Set), Sets: widen(r.Sets), Supersedes: widen(r.Supersedes),
		Null: r.SetsNull, Source: string(r.Source), FieldSource: string(r.FieldSource), Reason: r.Reason,
	}
}

func widen(list []uint32) []uint64 {
	out := make([]uint64, len(list))
	for i, n := range list {
		out[i] = uint64(n)
	}
	return out
}

func peerOf(m *moduleset.Member) *Peer {
	out := &Peer{
		Path: m.Path, Name: m.Name, Baseline: m.Baseline, KernelRelease: m.Release, Toolchain: string(m.Toolchain),
		Size: m.Size, Replace: replaceOf(m.Replace),
	}
	for i := range m.Funcs {
		f := &m.Funcs[i]
		n := len(out.Objects)
		if n == 0 || out.Objects[n-1].Name != f.Object.Name || out.Objects[n-1].Literal != f.Object.Literal {
			out.Objects = append(out.Objects, Object{Name: f.Object.Name, Literal: f.Object.Literal})
			n++
		}
		o := &out.Objects[n-1]
		o.Funcs = append(o.Funcs, Func{Name: f.Name, Sympos: f.Sympos})
	}
	for _, s := range m.States {
		out.States = append(out.States, State{s.ID, uint64(s.Version)})
	}
	return out
}
