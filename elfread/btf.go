package elfread

import (
	"bytes"
	"debug/elf"

	"github.com/klplint/klplint/klp"
)

// btfHeader is the size of struct btf_header as far as all kernels know it.
const btfHeader = 24

// maxTypes bounds the BTF that is kept of one module, in bytes. Of a distribution's
// modules only amdgpu has more, 4 MiB. Reading types takes stack for each that
// leads to the next, and Go ends a program whose stack has 1 GB: a chain as long as
// this has room for takes less than half.
const maxTypes = 3 << 19

// readBTF reads the header of .BTF, passes over its types, and keeps them for
// package kernel, which reads them beside the kernel's.
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
	if types, ok := slice(data, uint64(b.HdrLen)+uint64(b.TypeOff), uint64(b.TypeLen)); ok {
		b.TypesEnd = p.passTypes(types)
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

// btfExtra are, by kind, the bytes behind struct btf_type: for the whole type,
// and for each of its members; plain kinds have no members.
var btfExtra = [...]struct {
	whole, member uint32
	plain         bool
}{
	1: {4, 0, true}, 2: {0, 0, true}, 3: {12, 0, true}, 4: {0, 12, false}, 5: {0, 12, false}, 6: {0, 8, false}, 7: {0, 0, true},
	8: {0, 0, true}, 9: {0, 0, true}, 10: {0, 0, true}, 11: {0, 0, true}, 12: {0, 0, false}, 13: {0, 8, false}, 14: {4, 0, true},
	15: {0, 12, false}, 16: {0, 0, true}, 17: {4, 0, true}, 18: {0, 0, true}, 19: {0, 12, false},
}

// passTypes returns where the first type lies that is cut off, of an unknown
// kind, or says what its kind cannot have (kernel/bpf/btf.c: btf_check_meta).
func (p *parser) passTypes(b []byte) uint32 {
	const head = 12 // struct btf_type
	off := uint32(0)
	for uint64(off)+head <= uint64(len(b)) {
		info := p.f.Uint32(b[off+4:])
		kind, members := info>>24&0x1f, info&0xffff
		if info&^0x9f00ffff != 0 || kind == 0 || int(kind) >= len(btfExtra) || btfExtra[kind].plain && members != 0 {
			return off
		}
		size := uint64(head) + uint64(btfExtra[kind].whole) + uint64(btfExtra[kind].member)*uint64(members)
		if kind == 12 { // a function: its linkage stands in the place of the count
			size = head
		}
		if uint64(off)+size > uint64(len(b)) {
			return off
		}
		off += uint32(size)
	}
	return off
}
