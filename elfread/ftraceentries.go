package elfread

import (
	"bytes"
	"debug/elf"

	"github.com/klplint/klplint/klp"
)

// readFtraceEntries notes the entries of __mcount_loc and of
// __patchable_function_entries that lead to no instruction which ftrace could
// patch. A module has several sections of the second name, one for each section
// with code; the kernel walks the one that FTRACE_CALLSITE_SECTION names for
// its architecture (include/linux/ftrace.h).
func (p *parser) readFtraceEntries() error {
	if !p.sec.ftraceEntries {
		return nil
	}
	for i, s := range p.f.Sections {
		if s.Name != p.ftraceSection() || s.Type == elf.SHT_RELA {
			continue
		}
		rs, err := p.relocsSpent(i)
		if err != nil {
			return err
		}
		for _, r := range rs {
			if r.Type == none {
				continue // the kernel passes over entries that are zero
			}
			e := klp.FtraceEntry{At: p.at(placeAt(i, r.Offset))}
			// What is no address, or none of one entry, leads out of the module.
			whole := r.Type == p.arch.pointer && r.Offset%8 == 0
			if to, ok := p.reaches(r); ok && whole {
				site, err := p.patchable(to)
				if err != nil {
					return err
				}
				if site {
					continue
				}
				e.To, e.Bytes = p.locate(to), bytes.Clone(p.codeAt(to, 8))
			}
			if p.m.NoSites = append(p.m.NoSites, e); len(p.m.NoSites) == maxListed {
				return nil
			}
		}
	}
	return nil
}

// ftraceSection is the section that the module's kernel reads: on architectures
// without __patchable_function_entries the compiler may write that too, for
// purposes of its own (x86: the padding in front of functions).
func (p *parser) ftraceSection() string {
	switch p.m.Arch {
	case klp.ARM64, klp.LoongArch64:
		return "__patchable_function_entries"
	case klp.PPC64LE:
		for i := range p.f.Sections {
			if p.f.Sections[i].Name == "__patchable_function_entries" {
				return "__patchable_function_entries" // CONFIG_ARCH_USING_PATCHABLE_FUNCTION_ENTRY
			}
		}
	}
	return "__mcount_loc"
}

// patchable reports whether the instruction at a place is one that the compiler
// leaves for ftrace: a call of the architecture's entry function, or a nop of
// the same length.
func (p *parser) patchable(at place) (bool, error) {
	b := p.loadedAt(at, 8)
	switch p.m.Arch {
	case klp.X86_64:
		switch {
		case len(b) < 5:
			return false, nil
		case bytes.HasPrefix(b, []byte{0x0f, 0x1f, 0x44, 0x00, 0x00}):
			return true, nil
		case b[0] != 0xe8:
			return false, nil
		}
		return p.callsAt(placeAt(at.Section, at.Offset+1), "__fentry__")
	case klp.ARM64:
		return insn32(b) == 0xd503201f, nil
	case klp.LoongArch64:
		return insn32(b) == 0x03400000, nil // andi $zero, $zero, 0
	case klp.PPC64LE:
		if insn32(b) == 0x60000000 {
			return true, nil
		}
		return p.callsAt(at, "_mcount")
	case klp.S390X:
		// brcl 0,0: six bytes, as gcc -mnop-mcount writes it; or a brasl %r0,__fentry__.
		if bytes.HasPrefix(b, []byte{0xc0, 0x04, 0, 0, 0, 0}) {
			return true, nil
		}
		if len(b) < 6 || b[0] != 0xc0 || b[1] != 0x05 {
			return false, nil
		}
		return p.callsAt(placeAt(at.Section, at.Offset+2), "__fentry__")
	}
	return true, nil
}

// callsAt reports whether an ordinary relocation at a place leads to the symbol.
func (p *parser) callsAt(at place, symbol string) (bool, error) {
	rs, err := p.relocsIn(at.Section, at.Offset, at.Offset+1)
	if err != nil {
		return false, err
	}
	for _, r := range rs {
		if r.Type != none && p.symName(r.Sym) == symbol {
			return true, nil
		}
	}
	return false, nil
}
