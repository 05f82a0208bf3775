package elfread

import "github.com/klplint/klplint/klp"

// struct kernel_param (include/linux/moduleparam.h): a name, three fields that are
// nothing to us, and a pointer to the variable.
const (
	paramSize   = 40
	paramTarget = 32
)

// readReplaceParam finds the module parameter that a replace which is set at run time
// is likely to come from, and what its variable holds without it. What cannot be
// read of it is not known, and no error: the kernel's loader is asked about
// parameters elsewhere.
func (p *parser) readReplaceParam() {
	r := &p.m.Replace
	if r.Source != klp.FromRuntime {
		return
	}
	if r.Param = p.m.Modinfo.ReplaceParam(); r.Param == nil {
		return
	}
	for i, s := range p.f.Sections {
		if s.Name != "__param" {
			continue
		}
		for off := uint64(0); off+paramSize <= s.FileSize && off < maxParams*paramSize; off += paramSize {
			name, err := p.pointerAt(placeAt(i, off))
			if err != nil || name.null {
				continue
			}
			if text, err := p.stringAt(name); err != nil || text != r.Param.Name {
				continue
			}
			if at, err := p.pointerAt(placeAt(i, off+paramTarget)); err == nil && !at.null && !at.undef {
				r.Param.Default = p.paramDefault(at.to, r.Param.Type)
			}
			return
		}
	}
}

// maxParams bounds the parameters that are looked at.
const maxParams = 1000

// paramDefault reads what a parameter's variable holds as a truth.
func (p *parser) paramDefault(at place, kind string) *bool {
	width := map[string]uint64{"bool": 1, "invbool": 1, "byte": 1, "short": 2, "ushort": 2, "int": 4, "uint": 4, "hexint": 4}[kind]
	if width == 0 {
		width = 8
	}
	b, ok := p.bytesAt(at, width)
	if !ok {
		return nil
	}
	on := false
	for _, c := range b {
		on = on || c != 0
	}
	if kind == "invbool" {
		on = !on
	}
	return &on
}
