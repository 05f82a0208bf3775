package elfread

import (
	"debug/elf"
	"fmt"

	"github.com/klplint/klplint/elfread/internal/initcode"
	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/klp"
)

// readInit finds the module's init function and lets package initcode follow
// its code: the argument of klp_enable_patch() shows which data, if any, is
// the patch, and the code of kpatch-build and klp-build modules is the only
// place that tells whether they replace.
func (p *parser) readInit() error {
	in := &p.m.Init
	ptr, err := p.initPointer()
	if err != nil {
		return err
	}
	p.initAt = ptr.to
	if ptr.null || ptr.undef {
		in.Missing, in.Reason = true, "struct module has no init function"
	} else {
		in.At = p.locate(ptr.to)
	}
	if p.syms.enable == 0 && len(p.syms.shadow) == 0 {
		// Nothing that could be found in the code is called.
		if in.Reason == "" {
			in.Reason = "the module does not import klp_enable_patch"
		}
		p.init.Replace.Reason = in.Reason
		return nil
	}
	q := initcode.Input{
		Arch: p.m.Arch, Source: source{p}, Init: p.initAt,
		ReplaceOffset: p.replaceOffset(), Shadow: len(p.syms.shadow) > 0,
		Enable: p.syms.enable, JumpTable: p.sec.jumpTable, Params: p.sec.params,
	}
	q.Data, q.Exec = p.datas[:0], p.execs[:0]
	for i, s := range p.f.Sections {
		if s.Flags&elf.SHF_ALLOC == 0 || s.Type == elf.SHT_RELA || p.relocs.head[i] == 0 {
			continue
		}
		if s.Flags&elf.SHF_EXECINSTR == 0 {
			q.Data = append(q.Data, i)
			continue
		}
		calls, err := p.callsKlp(i)
		if err != nil {
			return err
		}
		if calls {
			q.Exec = append(q.Exec, i)
		}
	}
	p.datas, p.execs = q.Data, q.Exec
	p.init = p.code.Analyze(q)
	r := &p.init
	in.Decoded, in.Enables, in.Repeats = r.Decoded, r.Enables, r.Repeats
	if in.Reason == "" && !r.Decoded {
		in.Reason = r.Reason
	}
	p.m.ShadowIDs = r.ShadowIDs
	for i := range in.Enables {
		p.inFile(&in.Enables[i].At)
		p.inFile(&in.Enables[i].Data)
	}
	for i := range p.m.ShadowIDs {
		p.inFile(&p.m.ShadowIDs[i].At)
	}
	p.inFile(&r.Replace.At)
	return nil
}

// inFile completes a Location of package initcode, which knows sections only.
func (p *parser) inFile(l *klp.Location) {
	if l.Section == "" || l.File != 0 {
		return
	}
	full := p.at(placeAt(p.f.Index(l.Section), l.Offset))
	l.File = full.File
}

// callsKlp reports whether the code of a section refers to klp_enable_patch()
// or to a klp_shadow_ function.
func (p *parser) callsKlp(section int) (bool, error) {
	for i := int(p.relocs.head[section]); i != 0; i = int(p.relocs.next[i]) {
		rela, err := p.f.Relas(i)
		if err != nil {
			return false, err
		}
		if err := p.spend(i, rela.Len()); err != nil {
			return false, err
		}
		for j := range rela.Len() {
			sym := rela.Sym(j)
			if sym == 0 {
				continue
			}
			if sym == p.syms.enable {
				return true, nil
			}
			for _, s := range p.syms.shadow {
				if s == sym {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

// source shows the parser's module to package initcode.
type source struct{ p *parser }

// Section returns a section's bytes and relocations.
func (s source) Section(i int) (ir.Section, bool) {
	p := s.p
	if i <= 0 || i >= len(p.f.Sections) {
		return ir.Section{}, false
	}
	sec := p.f.Sections[i]
	if sec.Flags&elf.SHF_COMPRESSED != 0 {
		return ir.Section{}, false
	}
	data, err := p.f.Data(i)
	if err != nil {
		return ir.Section{}, false
	}
	rs, err := p.allRelocsOf(i)
	if err != nil {
		return ir.Section{}, false
	}
	return ir.Section{
		Name: sec.Name, Data: data, Relocs: rs,
		Exec: sec.Flags&elf.SHF_EXECINSTR != 0, Write: sec.Flags&elf.SHF_WRITE != 0,
	}, true
}

// Symbol returns what a relocation refers to.
func (s source) Symbol(i uint32) (ir.Symbol, bool) {
	y, ok := s.p.sym(i)
	if !ok {
		return ir.Symbol{}, false
	}
	r := ir.Symbol{Value: y.Value}
	if y.Type() != elf.STT_SECTION {
		r.Name = s.p.symName(i)
	}
	if int(y.Shndx) < len(s.p.f.Sections) {
		r.Section = int(y.Shndx)
	}
	return r, true
}

// Function returns the bounds of the function around a place.
func (s source) Function(at place) (initcode.Function, bool) {
	y, ok := s.p.syms.covering(at, elf.STT_FUNC)
	if !ok {
		return initcode.Function{}, false
	}
	return initcode.Function{Name: s.p.symName(y.index), Lo: y.value, Hi: y.value + y.size}, true
}

// Object returns the bounds of the variable around a place.
func (s source) Object(at place) (lo, hi uint64, ok bool) {
	y, ok := s.p.syms.covering(at, elf.STT_OBJECT)
	return y.value, y.value + y.size, ok
}

// replaceFromCode takes the value of replace from the init code that allocates
// the patch.
func (p *parser) replaceFromCode() error {
	r, c := &p.m.Replace, &p.init.Replace
	release := p.m.Vermagic.Release
	switch {
	case p.layoutKnown() && p.m.Layout.PatchReplace == 0:
		*r = p.withoutField()
		return nil
	case p.layoutKnown(), known(p.o.ReplaceField):
	case c.Known && codeEvidence(uint64(c.Width), c.Value, c.Pointer != nil).kind == klp.KindFlag:
		// Distributions have taken the flag into older kernels: one byte stored
		// at its place in the freshly made patch is that flag.
	case before51(release) && fieldBefore51(release) == klp.No:
		*r = p.withoutField()
		return nil
	default:
		*r = klp.Replace{
			Kind: klp.KindUnknown, Source: klp.FromNone, FieldSource: klp.FieldAssumed,
			Reason: fmt.Sprintf("the offset of the replace field of struct klp_patch in %q is not known; give that kernel's BTF (--kernel) or --replace-field", release),
		}
		return nil
	}
	r.At = c.At
	switch {
	case c.Runtime:
		r.Source, r.Reason = klp.FromRuntime, c.Reason
	case c.Known:
		r.Source = klp.FromCode
	default:
		r.Kind, r.Source, r.Reason = klp.KindUnknown, klp.FromNone, c.Reason
		if r.Reason == "" {
			r.Reason = "the init code does not determine it"
		}
	}
	var width uint64
	if c.Known {
		width = uint64(c.Width)
	}
	kind, source, err := p.replaceField(codeEvidence(width, c.Value, c.Pointer != nil))
	if err != nil {
		return err
	}
	r.FieldSource = source
	if r.Source == klp.FromNone {
		return nil
	}
	r.Kind = kind
	if r.Source == klp.FromRuntime {
		return nil
	}
	switch kind {
	case klp.KindFlag:
		r.Flag = c.Value != 0
	case klp.KindSet:
		r.Set = uint32(c.Value)
	case klp.KindSets:
		if c.Pointer == nil {
			r.SetsNull = true
			return nil
		}
		r.Sets, err = p.readSets(*c.Pointer)
	}
	return err
}
