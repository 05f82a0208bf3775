package elfread

import (
	"debug/elf"
	"math/bits"

	"github.com/klplint/klplint/klp"
)

// struct kpatch_patch_func of kpatch-build since v0.3.2, on 64-bit targets:
// new_addr 0, new_size 8, old_addr 16, old_size 24, sympos 32, name 40,
// objname 48. Older versions had 48 bytes and no sympos.
const (
	kpatchFuncSize     = 56
	kpatchCallbackSize = 16 // function 0, objname 8
)

// readKpatch reads the sections from which the init code of a kpatch-build
// module builds its klp_patch: objects in the order of their first mention.
func (p *parser) readKpatch() error {
	sec := p.sec.kpatchFuncs
	p.m.Patch.At, p.m.Patch.Found = p.at(place{Section: sec}), true
	size := p.f.Sections[sec].FileSize
	if p.f.Sections[sec].Type == elf.SHT_NOBITS && size > 0 {
		return p.fail(place{Section: sec}, "section is SHT_NOBITS")
	}
	if size%kpatchFuncSize != 0 {
		return p.fail(place{Section: sec}, "size %d is not a multiple of %d: tables of kpatch-build before v0.3.2 are not supported", size, kpatchFuncSize)
	}
	b := objectsByName{p: p, index: make(map[string]int, 4)}
	for off := uint64(0); off < size; off += kpatchFuncSize {
		if err := p.readKpatchFunc(&b, placeAt(sec, off)); err != nil {
			return err
		}
	}
	for i := range p.m.Patch.Objects {
		o := &p.m.Patch.Objects[i]
		o.Funcs = uptoZero(o.Funcs)
	}
	for i, sec := range p.sec.kpatchCallbacks {
		if err := p.readKpatchCallbacks(&b, sec, callbackKinds[i]); err != nil {
			return err
		}
	}
	return p.readForce()
}

func (p *parser) readKpatchFunc(b *objectsByName, at place) error {
	field := func(off uint64) place { return placeAt(at.Section, at.Offset+off) }
	code, err := p.pointerAt(field(0))
	if err != nil {
		return err
	}
	name, err := p.pointerAt(field(40))
	if err != nil {
		return err
	}
	var numbers [5]uint64
	for i := 1; i < len(numbers); i++ {
		if numbers[i], err = p.uint(field(uint64(i)*8), 8); err != nil {
			return err
		}
	}
	for _, i := range []int{1, 3, 4} { // sizes and sympos
		if n := numbers[i]; n>>32 != 0 && bits.ReverseBytes64(n)>>32 == 0 {
			return p.fail(field(uint64(i)*8), "value %#x: the table has the wrong byte order", n)
		}
	}
	o, err := b.object(field(48), at)
	if err != nil {
		return err
	}
	o.Funcs = append(o.Funcs, klp.Func{})
	f := &o.Funcs[len(o.Funcs)-1]
	if err := p.makeFunc(f, at, name, code, numbers[4]); err != nil {
		return err
	}
	f.OldAddr, f.OldSize = numbers[2], numbers[3]
	if f.New.Size == 0 {
		f.New.Size = numbers[1]
	}
	return nil
}

// readKpatchCallbacks reads one callback section. It ends in 8 bytes of zeros
// and is there even when empty, so that relocations are what counts.
func (p *parser) readKpatchCallbacks(b *objectsByName, sec int, kind klp.CallbackKind) error {
	rs, err := p.relocsOf(sec)
	switch {
	case err != nil:
		return err
	case len(rs) == 0 && p.f.Sections[sec].FileSize > kpatchCallbackSize:
		// kpatch's init goes by the size, and compares names at address 0.
		return p.fail(place{Section: sec}, "%d bytes of callbacks without relocations", p.f.Sections[sec].FileSize)
	case len(rs) == 0:
		return nil
	}
	if len(rs) > maxCallbacks {
		return p.fail(place{Section: sec}, "more than %d relocations for callbacks", maxCallbacks)
	}
	end := rs[len(rs)-1].Offset
	size := p.f.Sections[sec].FileSize
	for off := uint64(0); off <= end; off += kpatchCallbackSize {
		if off+kpatchCallbackSize > size {
			return p.fail(placeAt(sec, off), "callback extends past the end of its section")
		}
		at := placeAt(sec, off)
		code, err := p.pointerAt(at)
		if err != nil {
			return err
		}
		o, err := b.object(placeAt(sec, off+8), at)
		if err != nil {
			return err
		}
		o.Callbacks = append(o.Callbacks, klp.Callback{Kind: kind, At: p.at(at)})
		p.codeOf(&o.Callbacks[len(o.Callbacks)-1].Func, code)
		if off > maxCallbacks*kpatchCallbackSize {
			return p.fail(at, "more than %d callbacks", maxCallbacks)
		}
	}
	return nil
}

// readForce lists the functions that the author wanted patched without the
// consistency check; only the old kpatch.ko reads them.
func (p *parser) readForce() error {
	rs, err := p.relocsOf(p.sec.kpatchForce)
	if err != nil {
		return err
	}
	for _, r := range rs {
		if r.Type == none {
			continue
		}
		if len(p.m.ForceFuncs) == maxFuncs {
			return p.fail(placeAt(p.sec.kpatchForce, r.Offset), "more than %d entries", maxFuncs)
		}
		l := p.at(placeAt(p.sec.kpatchForce, r.Offset))
		if ptr, err := p.target(placeAt(p.sec.kpatchForce, r.Offset), r); err == nil && !ptr.undef {
			var c klp.Code
			p.codeOf(&c, ptr)
			l.Symbol = c.Symbol
		}
		p.m.ForceFuncs = append(p.m.ForceFuncs, l)
	}
	return nil
}

// objectsByName gathers the objects that table entries name.
type objectsByName struct {
	p     *parser
	index map[string]int
}

// object returns the object whose name the pointer at field leads to; entry is
// where its first entry stands.
func (b *objectsByName) object(field, entry place) (*klp.Object, error) {
	ptr, err := b.p.pointerAt(field)
	if err != nil {
		return nil, err
	}
	// A NULL or empty objname ends in a kernel oops or in an object that can
	// never be loaded; neither is vmlinux, which is spelled out here.
	name := ""
	if !ptr.null {
		if name, err = b.p.stringAt(ptr); err != nil {
			return nil, step("objname", err)
		}
	}
	list := &b.p.m.Patch.Objects
	i, ok := b.index[name]
	if !ok {
		if i = len(*list); i == maxObjects {
			return nil, b.p.fail(field, "more than %d objects", maxObjects)
		}
		b.index[name] = i
		at := b.p.at(entry)
		*list = append(*list, klp.Object{At: at, FuncsAt: at, Name: name, Null: name == klp.VmlinuxObjectName})
	}
	return &(*list)[i], nil
}
