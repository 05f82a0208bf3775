package elfread

import (
	"debug/elf"

	"github.com/klplint/klplint/klp"
)

// struct klp_func_ext and struct klp_object_ext of
// include/linux/livepatch_external.h, on 64-bit kernels.
const (
	funcExtSize    = 24 // old_name 0, new_func 8, sympos 16
	objectExtSize  = 64 // name 0, funcs 8, callbacks 16, nr_funcs 56
	extCallbacks   = 16
	extNrFuncs     = 56
	funcExtName    = 0
	funcExtNew     = 8
	funcExtSympos  = 16
	objectExtFuncs = 8
)

// readKlpBuild reads the sections from which the init code of the kernel's own
// klp-build builds its klp_patch. They have no terminating entries: the
// section's size counts the objects, nr_funcs their funcs.
func (p *parser) readKlpBuild() error {
	sec := p.sec.klpObjects
	p.m.Patch.At, p.m.Patch.Found = p.at(place{Section: sec}), true
	size := p.f.Sections[sec].FileSize
	if p.f.Sections[sec].Type == elf.SHT_NOBITS && size > 0 {
		return p.fail(place{Section: sec}, "section is SHT_NOBITS")
	}
	if size%objectExtSize != 0 {
		return p.fail(place{Section: sec}, "size %d is not a multiple of %d, the size of struct klp_object_ext", size, objectExtSize)
	}
	if size/objectExtSize > maxObjects {
		return p.fail(place{Section: sec}, "more than %d objects", maxObjects)
	}
	for off := uint64(0); off < size; off += objectExtSize {
		o, err := p.readObjectExt(placeAt(sec, off))
		if err != nil {
			return err
		}
		p.m.Patch.Objects = append(p.m.Patch.Objects, o)
	}
	return nil
}

func (p *parser) readObjectExt(at place) (klp.Object, error) {
	field := func(off uint64) place { return placeAt(at.Section, at.Offset+off) }
	o := klp.Object{At: p.at(at), Name: klp.VmlinuxObjectName}
	name, err := p.pointerAt(field(0))
	if err != nil {
		return o, err
	}
	if o.Null = name.null; !name.null {
		if o.Name, err = p.stringAt(name); err != nil {
			return o, err
		}
		o.Literal = o.Name == klp.VmlinuxObjectName
	}
	funcs, err := p.pointerAt(field(objectExtFuncs))
	if err != nil {
		return o, err
	}
	n, err := p.uint(field(extNrFuncs), 4)
	if err != nil {
		return o, err
	}
	if o.Callbacks, o.PostUnpatchEnabled, err = p.readCallbacks(field(extCallbacks)); err != nil {
		return o, err
	}
	if funcs.undef {
		return o, p.fail(funcs.at, "funcs points to symbol %q of another module", p.symName(funcs.sym))
	}
	if o.FuncsNull = funcs.null; funcs.null {
		if n > 0 {
			return o, p.fail(at, "%d funcs, but the funcs pointer is NULL", n)
		}
		return o, nil
	}
	o.FuncsAt = p.at(funcs.to)
	if n > maxFuncs {
		return o, p.fail(at, "%d funcs, the limit is %d", n, maxFuncs)
	}
	if n > 0 {
		o.Funcs = make([]klp.Func, 0, min(n, 64))
	}
	for i := uint64(0); i < n; i++ {
		o.Funcs = append(o.Funcs, klp.Func{})
		if err := p.readFuncExt(&o.Funcs[i], placeAt(funcs.to.Section, funcs.to.Offset+i*funcExtSize)); err != nil {
			return o, err
		}
	}
	o.Funcs = uptoZero(o.Funcs)
	return o, nil
}

// uptoZero cuts a list of funcs at the first one that is all zero: init code counts
// what it copies, the livepatch core stops there (include/linux/livepatch.h:
// klp_for_each_func_static).
func uptoZero(list []klp.Func) []klp.Func {
	for i := range list {
		if f := &list[i]; f.NameNull && f.New.Null && f.Sympos == 0 {
			return list[:i]
		}
	}
	return list
}

func (p *parser) readFuncExt(f *klp.Func, at place) error {
	name, err := p.pointerAt(placeAt(at.Section, at.Offset+funcExtName))
	if err != nil {
		return err
	}
	code, err := p.pointerAt(placeAt(at.Section, at.Offset+funcExtNew))
	if err != nil {
		return err
	}
	sympos, err := p.uint(placeAt(at.Section, at.Offset+funcExtSympos), 8)
	if err != nil {
		return err
	}
	return p.makeFunc(f, at, name, code, sympos)
}
