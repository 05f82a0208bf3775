package elfread

import (
	"debug/elf"
	"encoding/binary"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/klp"
)

// readCode reads what the module's code and the tables about it say, beyond
// the init function. What leads nowhere there is a fact and no error: the
// kernel loads such modules.
func (p *parser) readCode() error {
	if p.m.Arch == "" {
		return nil
	}
	if err := p.readFtraceEntries(); err != nil {
		return err
	}
	if err := p.readReturns(); err != nil {
		return err
	}
	if err := p.readStray(); err != nil {
		return err
	}
	if err := p.readORC(); err != nil {
		return err
	}
	if err := p.readAlternatives(); err != nil {
		return err
	}
	if err := p.readIndirect(); err != nil {
		return err
	}
	return p.readCallsOld()
}

// reaches follows a relocation to a place in the module; false where it leads
// to an undefined symbol or beyond the end of a section.
func (p *parser) reaches(r ir.Reloc) (place, bool) {
	y, ok := p.sym(r.Sym)
	if !ok {
		return place{}, false
	}
	return p.within(y, r.Addend)
}

// within is the place at a distance from a symbol; false as for reaches.
func (p *parser) within(y safeelf.Sym, addend int64) (place, bool) {
	if y.Shndx == uint16(elf.SHN_UNDEF) || int(y.Shndx) >= len(p.f.Sections) {
		return place{}, false
	}
	to := placeAt(int(y.Shndx), y.Value+uint64(addend))
	return to, to.Offset < p.f.Sections[to.Section].FileSize
}

// codeAt returns up to n bytes of a loaded section with code.
func (p *parser) codeAt(at place, n uint64) []byte {
	if !p.flag(at.Section, elf.SHF_EXECINSTR) {
		return nil
	}
	return p.loadedAt(at, n)
}

// loadedAt returns up to n bytes of a loaded section, be it executable or not: the
// kernel changes code as it changes data.
func (p *parser) loadedAt(at place, n uint64) []byte {
	if !p.flag(at.Section, elf.SHF_ALLOC) || p.f.Sections[at.Section].Type == elf.SHT_NOBITS {
		return nil
	}
	s := p.f.Sections[at.Section]
	if at.Offset >= s.FileSize {
		return nil
	}
	b, ok := p.bytesAt(at, min(n, s.FileSize-at.Offset))
	if !ok {
		return nil
	}
	return b
}

// insn32 is the instruction of four bytes at the start of b, 0 where b is
// shorter. Code of arm64 and loongarch64 is little-endian, that of ppc64le too.
func insn32(b []byte) uint32 {
	if len(b) < 4 {
		return 0
	}
	return binary.LittleEndian.Uint32(b)
}

// branch reports whether a relocation in a section with code is that of a call
// or a jump. Where its type does not tell, the bytes in front of it do.
func (p *parser) branch(section int, r ir.Reloc) bool {
	switch p.m.Arch {
	case klp.X86_64:
		if r.Type != uint32(elf.R_X86_64_PLT32) && r.Type != uint32(elf.R_X86_64_PC32) || r.Offset == 0 {
			return false
		}
		n := min(r.Offset, 2)
		b := p.codeAt(placeAt(section, r.Offset-n), n)
		if uint64(len(b)) != n {
			return false
		}
		// call and jmp with a distance of 32 bits, or a conditional jump (0f 80 to 0f 8f).
		last := b[n-1]
		return last == 0xe8 || last == 0xe9 || n == 2 && b[0] == 0x0f && last&0xf0 == 0x80
	case klp.ARM64:
		return r.Type == uint32(elf.R_AARCH64_CALL26) || r.Type == uint32(elf.R_AARCH64_JUMP26)
	case klp.PPC64LE:
		const rel24NoTOC = 116 // R_PPC64_REL24_NOTOC
		return r.Type == uint32(elf.R_PPC64_REL24) || r.Type == rel24NoTOC
	case klp.S390X:
		if r.Type != uint32(elf.R_390_PLT32DBL) && r.Type != uint32(elf.R_390_PC32DBL) || r.Offset < 2 {
			return false
		}
		b := p.codeAt(placeAt(section, r.Offset-2), 2)
		// brasl (c0x5) and brcl (c0x4); larl (c0x0) takes an address.
		return len(b) == 2 && b[0] == 0xc0 && (b[1]&0xf == 5 || b[1]&0xf == 4)
	case klp.LoongArch64:
		const call36 = 110 // R_LARCH_CALL36
		return r.Type == uint32(elf.R_LARCH_B26) || r.Type == call36
	}
	return false
}
