package elfread

import (
	"bytes"
	"debug/elf"

	"github.com/klplint/klplint/klp"
)

// btfHeader is the size of struct btf_header as far as all kernels know it, btfLayout
// that of what 7.3 added.
const (
	btfHeader = 24
	btfLayout = 8
)

// maxTypes bounds the BTF that is kept of one module, in bytes. Of a distribution's
// modules only amdgpu has more, 4 MiB.
const maxTypes = 3 << 19

// readBTF reads the header of .BTF, looks at the form of its types, and keeps them
// for package kernel, which reads them beside the kernel's.
func (p *parser) readBTF() error {
	i := p.sec.btf
	if i == 0 || p.f.Sections[i].Type == elf.SHT_NOBITS || p.f.Sections[i].FileSize == 0 {
		return nil
	}
	data, err := p.f.Data(i)
	if err != nil {
		return err
	}
	b := &klp.ModuleBTF{Size: uint64(len(data))}
	p.m.BTF = b
	if b.Data, err = p.keptBTF(i); err != nil {
		return err
	}
	if b.Base, err = p.keptBTF(p.sec.btfBase); err != nil {
		return err
	}
	if len(data) < btfHeader {
		return nil
	}
	b.Magic, b.Version, b.Flags = p.f.Uint16(data), data[2], data[3]
	b.HdrLen, b.TypeOff, b.TypeLen = p.f.Uint32(data[4:]), p.f.Uint32(data[8:]), p.f.Uint32(data[12:])
	b.StrOff, b.StrLen = p.f.Uint32(data[16:]), p.f.Uint32(data[20:])
	rest, _ := slice(data, btfHeader, uint64(b.HdrLen)-min(btfHeader, uint64(b.HdrLen)))
	if len(rest) >= btfLayout {
		b.LayoutOff, b.LayoutLen, rest = p.f.Uint32(rest), p.f.Uint32(rest[4:]), rest[btfLayout:]
	}
	b.Unknown = len(bytes.Trim(rest, "\x00")) > 0
	if types, ok := slice(data, uint64(b.HdrLen)+uint64(b.TypeOff), uint64(b.TypeLen)); ok {
		b.TypesEnd, b.TypeDefect, b.TypeUnsupported = p.checkTypes(types)
	}
	if strings, ok := slice(data, uint64(b.HdrLen)+uint64(b.StrOff), uint64(b.StrLen)); ok {
		b.StringsEnd = len(strings) == 0 || strings[len(strings)-1] == 0
	}
	return nil
}

// keptBTF returns a copy of a section with BTF; nil for none, and for one beyond
// what is kept.
func (p *parser) keptBTF(section int) ([]byte, error) {
	if section == 0 {
		return nil, nil
	}
	s := p.f.Sections[section]
	if s.Type == elf.SHT_NOBITS || s.Flags&elf.SHF_COMPRESSED != 0 || s.FileSize == 0 || s.FileSize > maxTypes {
		return nil, nil
	}
	data, err := p.f.Data(section)
	if err != nil {
		return nil, err
	}
	return bytes.Clone(data), nil
}

func slice(b []byte, off, n uint64) ([]byte, bool) {
	if off > uint64(len(b)) || n > uint64(len(b))-off {
		return nil, false
	}
	return b[off : off+n], true
}
