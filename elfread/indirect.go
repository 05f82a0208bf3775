package elfread

import (
	"bytes"
	"debug/elf"
	"strings"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/klp"
)

// maxPlaces is how many places klp.Places lists.
const maxPlaces = 16

// readIndirect finds the functions whose address the module takes, and what
// stands at their start.
func (p *parser) readIndirect() error {
	if p.m.Arch != klp.X86_64 && p.m.Arch != klp.ARM64 {
		return nil
	}
	sealed, err := p.sealed()
	if err != nil {
		return err
	}
	deferring := p.readArms()
	p.findNewFuncs()
	seen := map[place]bool{}
	var takings []taking
	for i, s := range p.f.Sections {
		code := p.flag(i, elf.SHF_ALLOC|elf.SHF_EXECINSTR)
		if !p.flag(i, elf.SHF_ALLOC) || p.relocs.head[i] == 0 || !code && neverCalls(s.Name) {
			continue
		}
		rs, err := p.relocsSpent(i)
		if err != nil {
			return err
		}
		for _, r := range rs {
			if code && p.branch(i, r) {
				continue
			}
			to, ok := p.codeTarget(code, r)
			if !ok {
				continue
			}
			y, ok := p.syms.startAt(to, elf.STT_FUNC)
			if !ok {
				y, ok = p.label(to)
			}
			if !ok {
				continue
			}
			if !code && p.newFuncs[placeAt(i, r.Offset)] {
				continue
			}
			if deferring {
				takings = append(takings, taking{placeAt(i, r.Offset), y})
			}
			if !seen[to] {
				seen[to] = true
				if !neverCalled(p.symName(y.index)) {
					p.indirect(to, sealed[to])
				}
			}
		}
	}
	return p.readDeferred(takings)
}

// label returns the symbol without a type that stands at a place outside all functions:
// what assembler code calls a function, and does not say so (.type, .size).
func (p *parser) label(at place) (symPlace, bool) {
	y, ok := p.syms.startAt(at, elf.STT_NOTYPE)
	if !ok {
		return y, false
	}
	_, within := p.syms.covering(at, elf.STT_FUNC)
	return y, !within
}

// neverCalls reports whether a section with addresses of code is a table that
// nobody calls through: objtool, which checks the kernel's own modules, leaves
// out the same ones (tools/objtool/check.c: validate_ibt), the tables of
// livepatches apart.
func neverCalls(name string) bool {
	switch name {
	case ".altinstructions", ".ibt_endbr_seal", ".orc_unwind_ip", ".parainstructions", ".retpoline_sites", ".return_sites",
		".call_sites", ".cfi_sites", ".smp_locks", ".static_call_sites", "_error_injection_whitelist", "_kprobe_blacklist",
		"__bug_table", "__ex_table", "__jump_table", "__mcount_loc", "__patchable_function_entries", ".kcfi_traps", "__tracepoints",
		".kpatch.funcs", ".kpatch.force", ".kpatch.relocations", ".kpatch.symbols", ".init.klp_funcs", "__klp_funcs":
		return true
	}
	return strings.HasPrefix(name, "__ksymtab") || strings.HasPrefix(name, ".discard.") || strings.HasPrefix(name, ".eh_frame")
}

// neverCalled reports whether a function is jumped to alone, whoever has its address:
// the unlikely half of another, and the trampoline of a static call
// (tools/objtool/check.c: __validate_ibt_insn).
func neverCalled(name string) bool {
	return strings.Contains(name, ".cold") || strings.HasPrefix(name, "__SCT__")
}

// sealed returns the places in .ibt_endbr_seal.
func (p *parser) sealed() (map[place]bool, error) {
	if p.sec.endbrSeal == 0 {
		return nil, nil
	}
	rs, err := p.relocsOf(p.sec.endbrSeal)
	if err != nil {
		return nil, err
	}
	list := make(map[place]bool, len(rs))
	for _, r := range rs {
		if to, ok := p.reaches(r); ok {
			list[to] = true
		}
	}
	return list, nil
}

// codeTarget follows a relocation that takes an address in code of the module.
func (p *parser) codeTarget(fromCode bool, r ir.Reloc) (place, bool) {
	y, ok := p.sym(r.Sym)
	if !ok || !p.flag(int(y.Shndx), elf.SHF_ALLOC|elf.SHF_EXECINSTR) {
		return place{}, false
	}
	if fromCode && p.m.Arch == klp.X86_64 && r.Type == uint32(elf.R_X86_64_PC32) {
		r.Addend += 4 // the distance counts from the end of the instruction
	}
	return p.within(y, r.Addend)
}

// findNewFuncs notes the places of the new_func pointers of struct klp_func.
func (p *parser) findNewFuncs() {
	if p.newFuncs == nil {
		p.newFuncs = map[place]bool{}
	}
	clear(p.newFuncs)
	name, section := "", 0 // of the func before
	for i := range p.m.Patch.Objects {
		for j := range p.m.Patch.Objects[i].Funcs {
			at := &p.m.Patch.Objects[i].Funcs[j].At
			if at.Section != name {
				name, section = at.Section, p.f.Index(at.Section)
			}
			p.newFuncs[placeAt(section, at.Offset+p.m.Layout.FuncNew)] = true
		}
	}
}

// indirect takes up one function that is called through a pointer.
func (p *parser) indirect(at place, sealed bool) {
	d := &p.m.Indirect
	d.Functions++
	switch {
	case !p.landing(at):
		p.addPlace(&d.NoLanding, at)
	case sealed:
		p.addPlace(&d.Sealed, at)
	}
	if p.m.Arch == klp.X86_64 && !p.typed(at) {
		p.addPlace(&d.Untyped, at)
	}
}

func (p *parser) addPlace(list *klp.Places, at place) {
	if list.Count++; list.Count > maxPlaces {
		return
	}
	l := p.locate(at)
	if y, ok := p.label(at); ok {
		l.Symbol = p.symName(y.index)
	}
	list.First = append(list.First, l)
}

// landing reports whether an indirect call may lead to a place: ENDBR64; on
// arm64 BTI for calls, or the instruction that signs the return address, which
// counts as one (Arm ARM, DDI0487: BTYPE compatibility).
func (p *parser) landing(at place) bool {
	b := p.codeAt(at, 4)
	if p.m.Arch == klp.X86_64 {
		return bytes.Equal(b, []byte{0xf3, 0x0f, 0x1e, 0xfa})
	}
	switch insn32(b) {
	case 0xd503245f, 0xd50324df, 0xd503233f, 0xd503237f: // bti c, bti jc, paciasp, pacibsp
		return true
	}
	return false
}

// typed reports whether the hash of its type stands in front of a function: a
// mov of it to %eax and as many nops as the configuration pads functions with
// (arch/x86/Kconfig: FUNCTION_PADDING_CFI).
func (p *parser) typed(at place) bool {
	const mov = 5
	for _, padding := range []uint64{11, 0, 3, 27, 59} {
		if at.Offset < padding+mov {
			continue
		}
		b := p.codeAt(placeAt(at.Section, at.Offset-padding-mov), padding+mov)
		if uint64(len(b)) == padding+mov && b[0] == 0xb8 && len(bytes.Trim(b[mov:], "\x90")) == 0 {
			return true
		}
	}
	return false
}
