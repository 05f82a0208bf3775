package elfread

import (
	"debug/elf"
	"fmt"
	"strings"

	"github.com/klplint/klplint/klp"
)

// readStatic reads the struct klp_patch in a module's data.
func (p *parser) readStatic() error {
	m := p.m
	at, reason, err := p.findPatch()
	if err != nil {
		return err
	}
	if reason != "" {
		m.Patch.Reason = reason
		m.Replace = klp.Replace{Kind: klp.KindUnknown, Source: klp.FromNone, FieldSource: klp.FieldAssumed, Reason: reason}
		return nil
	}
	m.Toolchain = klp.Static
	if !p.layoutKnown() {
		return p.errLayout(at)
	}
	if err := p.adjustLayout(at); err != nil {
		return err
	}
	l := &m.Layout
	m.Patch.At, m.Patch.Found = p.locate(at), true
	p.known = append(p.known, at)
	mod, err := p.pointerAt(placeAt(at.Section, at.Offset+l.PatchMod))
	if err != nil {
		return err
	}
	m.Patch.ModNull = mod.null
	if !mod.null && (mod.undef || mod.to.Section != p.sec.thisModule || mod.to.Offset != 0) {
		return p.fail(at, "the struct passed to klp_enable_patch() does not start with a pointer to __this_module")
	}
	objs, err := p.pointerAt(placeAt(at.Section, at.Offset+l.PatchObjs))
	if err != nil {
		return err
	}
	if m.Patch.ObjsNull = objs.null; !objs.null {
		if objs.undef {
			return p.fail(objs.at, "klp_patch.objs points to symbol %q of another module", p.symName(objs.sym))
		}
		if err := p.readObjects(objs.to); err != nil {
			return err
		}
	}
	if l.HasStates {
		if err := p.readStates(placeAt(at.Section, at.Offset+l.PatchStates)); err != nil {
			return err
		}
	}
	if size := p.objectSize(at); size > 0 && l.Source != klp.LayoutBTF && size >= l.PatchReplace+8 {
		l.PatchSize = size
	}
	return p.readReplace(at)
}

// findPatch finds the static struct klp_patch in two ways, each checking the
// other: what code passes to klp_enable_patch(), and which data starts with a
// pointer to __this_module followed by one to other data. It gives a reason
// where there is none.
func (p *parser) findPatch() (at place, reason string, err error) {
	var args []place
	null := false
	for i, e := range p.m.Init.Enables {
		switch e.Arg {
		case klp.ArgData:
			if i < len(p.init.Args) && !contains(args, p.init.Args[i]) {
				args = append(args, p.init.Args[i])
			}
		case klp.ArgAllocated:
			reason = "klp_patch is allocated at run time by code of an unknown toolchain"
		case klp.ArgNull:
			null = true
		}
	}
	switch {
	case len(args) == 1:
		return args[0], "", p.checkPatch(args[0])
	case len(args) > 1:
		return place{}, fmt.Sprintf("klp_enable_patch() is called with %d different structs", len(args)), nil
	case reason != "":
		return place{}, reason, nil
	}
	found, err := p.patchesByModule(elf.SHF_WRITE)
	if err == nil && len(found) == 0 {
		// A patch that no code changes or enables may have become a constant.
		found, err = p.patchesByModule(0)
	}
	if err != nil {
		return place{}, "", err
	}
	switch {
	case len(found) == 1:
		return found[0], "", nil
	case len(found) > 1:
		return place{}, fmt.Sprintf("%d structs look like klp_patch, and which one is enabled is not known", len(found)), nil
	case null:
		return place{}, "klp_enable_patch() is called with NULL, and no data looks like a klp_patch", nil
	}
	return place{}, "no data looks like a klp_patch: a pointer to __this_module, then one to the objects", nil
}

// checkPatch checks that what is passed to klp_enable_patch() can be one.
func (p *parser) checkPatch(at place) error {
	if !p.flag(at.Section, elf.SHF_ALLOC) {
		return p.fail(at, "klp_enable_patch() is passed an address in a section that is not loaded")
	}
	if _, ok := p.bytesAt(at, 40); !ok {
		return p.fail(at, "struct klp_patch extends past the end of its section")
	}
	return nil
}

// patchesByModule lists the data that starts like a klp_patch, in the sections
// that are writable (SHF_WRITE) or not (0). A pointer to __this_module alone
// proves little: file_operations start with one too. Their next words are
// functions or numbers, those of a klp_patch point to data.
func (p *parser) patchesByModule(writable elf.SectionFlag) ([]place, error) {
	var found []place
	for i, s := range p.f.Sections {
		if s.Flags&(elf.SHF_ALLOC|elf.SHF_WRITE|elf.SHF_EXECINSTR) != elf.SHF_ALLOC|writable ||
			s.Type == elf.SHT_RELA || p.relocs.head[i] == 0 || i == p.sec.thisModule || strings.HasPrefix(s.Name, "__") {
			continue
		}
		rs, err := p.relocsOf(i)
		if err != nil {
			return nil, err
		}
		for _, r := range rs {
			y, ok := p.sym(r.Sym)
			if !ok || r.Type != p.arch.pointer || int(y.Shndx) != p.sec.thisModule || y.Value+uint64(r.Addend) != 0 {
				continue
			}
			at := placeAt(i, r.Offset)
			if _, ok := p.bytesAt(at, 40); !ok {
				continue
			}
			if objs, err := p.pointerAt(placeAt(i, r.Offset+8)); err != nil || objs.null || objs.undef || !p.data(objs.to.Section) {
				continue
			}
			if len(found) == maxListed {
				return found, nil
			}
			found = append(found, at)
		}
	}
	return found, nil
}

// data reports whether a section holds data that a table may lie in.
func (p *parser) data(section int) bool {
	return p.flag(section, elf.SHF_ALLOC) && !p.flag(section, elf.SHF_EXECINSTR) && section != p.sec.thisModule
}

func contains(list []place, x place) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

// readStates reads the array that the pointer at a place leads to: up to the
// first id 0, as the kernel's klp_for_each_state() goes.
func (p *parser) readStates(field place) error {
	patch, l := &p.m.Patch, &p.m.Layout
	ptr, err := p.pointerAt(field)
	if err != nil || ptr.null {
		return err
	}
	if ptr.undef {
		return p.fail(field, "klp_patch.states points to symbol %q of another module", p.symName(ptr.sym))
	}
	patch.HasStates, patch.StatesAt = true, p.locate(ptr.to)
	// The symbol's size tells of entries that the kernel does not reach.
	n := p.objectSize(ptr.to) / l.StateSize
	end := false
	for i := uint64(0); !end || i < n; i++ {
		at := placeAt(ptr.to.Section, ptr.to.Offset+i*l.StateSize)
		id, err := p.uint(placeAt(at.Section, at.Offset+l.StateID), 8)
		if err != nil {
			return step("states", err)
		}
		if i > maxStates || i == maxStates && id != 0 {
			return p.fail(at, "more than %d states", maxStates)
		}
		switch {
		case end && id != 0:
			patch.StatesBehindEnd++
		case end:
		case id == 0:
			end = true
		default:
			here := p.at(at)
			here.Symbol = patch.StatesAt.Symbol
			version, err := p.uint(placeAt(at.Section, at.Offset+l.StateVersion), 4)
			if err != nil {
				return step("states", err)
			}
			if patch.States == nil {
				patch.States = make([]klp.State, 0, min(64, max(4, n)))
			}
			patch.States = append(patch.States, klp.State{ID: id, Version: uint32(version), At: here})
		}
	}
	return nil
}
