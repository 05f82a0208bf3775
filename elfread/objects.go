package elfread

import (
	"github.com/klplint/klplint/klp"
)

// readObjects reads the klp_object array at a place, and the klp_func arrays
// that it leads to, as far as the kernel walks (include/linux/livepatch.h:
// klp_for_each_object_static, klp_for_each_func_static).
func (p *parser) readObjects(at place) error {
	patch, l := &p.m.Patch, &p.m.Layout
	first, err := p.pointerAt(placeAt(at.Section, at.Offset+l.ObjectFuncs))
	if err != nil {
		return err
	}
	p.known = append(p.known, at, first.to)
	objects, err := p.objectStride(at)
	if err != nil {
		return err
	}
	arrays := p.funcArrays[:0]
	if size := p.objectSize(at); size > objects.size {
		patch.Objects = make([]klp.Object, 0, min(64, (size-1)/objects.size))
	}
	for n := uint64(0); ; n++ {
		o := placeAt(at.Section, at.Offset+n*objects.size)
		name, err := p.pointerAt(placeAt(o.Section, o.Offset+l.ObjectName))
		if err != nil {
			return err
		}
		funcs, err := p.pointerAt(placeAt(o.Section, o.Offset+l.ObjectFuncs))
		if err != nil {
			return err
		}
		if name.null && funcs.null {
			break
		}
		if n == maxObjects {
			return p.fail(o, "more than %d objects", maxObjects)
		}
		patch.Objects = append(patch.Objects, klp.Object{})
		if err := p.readObject(&patch.Objects[n], o, name, funcs); err != nil {
			return err
		}
		arrays = append(arrays, funcs.to)
	}
	p.funcArrays = arrays
	if len(p.known)+len(arrays) < maxListed { // more would cost too much, and help little
		p.known = append(p.known, arrays...)
	}
	funcs, err := p.funcStride(arrays)
	if err != nil {
		return err
	}
	l.ObjectSize, l.FuncSize = objects.size, funcs.size
	if len(arrays) > 0 {
		l.Source = funcs.source
	} else {
		l.Source = objects.source
	}
	for i := range patch.Objects {
		if patch.Objects[i].FuncsNull {
			continue
		}
		if patch.Objects[i].Funcs, err = p.readFuncs(arrays[i], funcs.size); err != nil {
			return err
		}
	}
	return nil
}

// readObject reads one klp_object but for its funcs.
func (p *parser) readObject(o *klp.Object, at place, name, funcs pointer) (err error) {
	l := &p.m.Layout
	o.At, o.Name, o.Null, o.FuncsNull = p.locate(at), klp.VmlinuxObjectName, name.null, funcs.null
	if !name.null {
		if o.Name, err = p.stringAt(name); err != nil {
			return err
		}
		o.Literal = o.Name == klp.VmlinuxObjectName
	}
	if funcs.undef {
		return p.fail(funcs.at, "klp_object.funcs points to symbol %q of another module", p.symName(funcs.sym))
	}
	if !funcs.null {
		o.FuncsAt = p.locate(funcs.to)
	}
	if l.HasCallbacks {
		o.Callbacks, o.PostUnpatchEnabled, err = p.readCallbacks(placeAt(at.Section, at.Offset+l.ObjectCallbacks))
	}
	return err
}

// readCallbacks reads struct klp_callbacks: four pointers, then the kernel's
// own post_unpatch_enabled.
func (p *parser) readCallbacks(at place) (list []klp.Callback, enabled bool, err error) {
	for i, kind := range callbackKinds {
		field := placeAt(at.Section, at.Offset+uint64(i)*8)
		ptr, err := p.pointerAt(field)
		if err != nil {
			return nil, false, err
		}
		if !ptr.null {
			if list == nil {
				list = make([]klp.Callback, 0, len(callbackKinds))
			}
			list = append(list, klp.Callback{Kind: kind, At: p.at(field)})
			p.codeOf(&list[len(list)-1].Func, ptr)
		}
	}
	b, ok := p.bytesAt(placeAt(at.Section, at.Offset+32), 1)
	if !ok {
		return nil, false, p.fail(at, "callbacks extend past the end of their section")
	}
	return list, b[0] != 0, nil
}

// readFuncs reads one klp_func array: it ends where name, new function and
// sympos are all zero; a sympos alone keeps the kernel going.
func (p *parser) readFuncs(at place, stride uint64) ([]klp.Func, error) {
	l := &p.m.Layout
	var list []klp.Func
	array := ""
	if y, ok := p.object(at); ok {
		array = p.symName(y.index)
	}
	for n := uint64(0); ; n++ {
		f := placeAt(at.Section, at.Offset+n*stride)
		name, err := p.pointerAt(placeAt(f.Section, f.Offset+l.FuncName))
		if err != nil {
			return nil, err
		}
		code, err := p.pointerAt(placeAt(f.Section, f.Offset+l.FuncNew))
		if err != nil {
			return nil, err
		}
		sympos, err := p.uint(placeAt(f.Section, f.Offset+l.FuncSympos), 8)
		if err != nil {
			return nil, err
		}
		if name.null && code.null && sympos == 0 {
			return list, nil
		}
		if list == nil {
			list = make([]klp.Func, 0, p.guessFuncs(at, stride))
		}
		list = append(list, klp.Func{})
		fn := &list[len(list)-1]
		if err := p.makeFunc(fn, f, name, code, sympos); err != nil {
			return nil, err
		}
		fn.At.Symbol = array
	}
}

// guessFuncs returns how many funcs an array probably has, by its symbol, which
// counts the terminating entry too.
func (p *parser) guessFuncs(at place, stride uint64) int {
	if size := p.objectSize(at); size > stride {
		return int(min(64, (size-1)/stride))
	}
	return 1
}

// makeFunc fills in the klp.Func of one table entry, of any toolchain.
func (p *parser) makeFunc(f *klp.Func, at place, name, code pointer, sympos uint64) (err error) {
	if p.funcs++; p.funcs > maxFuncs {
		return p.fail(at, "more than %d funcs", maxFuncs)
	}
	f.At, f.NameNull, f.Sympos = p.at(at), name.null, sympos
	p.codeOf(&f.New, code)
	if !name.null {
		f.Name, err = p.stringAt(name)
	}
	return err
}
