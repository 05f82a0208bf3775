package elfread

import (
	"fmt"
	"strings"

	"github.com/klplint/klplint/klp"
)

// readLayout settles, as far as can be told before the tables are found, where
// the author's fields of the livepatch structs stand: from a given kernel's
// BTF, the table by release, or, for a release that the table does not know,
// the module's debug information. Strides of the arrays come later, from the
// arrays themselves. It leaves Layout.Source empty where nothing is known.
func (p *parser) readLayout() {
	m := p.m
	p.debugField = p.fieldFromDWARF()
	if p.o.Layout != nil {
		m.Layout = *p.o.Layout
		if m.Layout.Source == "" {
			m.Layout.Source = klp.LayoutBTF
		}
		return
	}
	if p.dwarf.layout != nil { // it had to be parsed for the replace field
		m.Layout = *p.dwarf.layout
		return
	}
	if l := builtin(m.Vermagic.Release, m.Init.UsesRegister); l != nil {
		m.Layout = *l
		return
	}
	if l := p.fromDWARF(); l != nil {
		m.Layout = *l
	}
}

// layoutKnown reports whether readLayout found one.
func (p *parser) layoutKnown() bool { return p.m.Layout.Source != "" }

// errLayout says that no source told the layout, and which were tried.
func (p *parser) errLayout(pl place) error {
	tried := []string{"no kernel's BTF was given"}
	if p.dwarf.reason != "" {
		tried = append(tried, p.dwarf.reason)
	}
	tried = append(tried, fmt.Sprintf("the built-in table starts at Linux 5.1 and the module is for %q", p.m.Vermagic.Release))
	return p.fail(pl, "layout of struct klp_patch unknown: %s", strings.Join(tried, "; "))
}

// replaceOffset is where readLayout found klp_patch.replace, in bytes.
func (p *parser) replaceOffset() uint64 {
	if !p.layoutKnown() {
		return modern.PatchReplace
	}
	return p.m.Layout.PatchReplace
}

// adjustLayout corrects the table's layout by what the patch itself shows: a
// relocated pointer at +16 is states, whatever the release says, and a value
// there that is not relocated cannot be one.
func (p *parser) adjustLayout(patch place) error {
	l := &p.m.Layout
	if l.Source != klp.LayoutBuiltin {
		return nil
	}
	slot := placeAt(patch.Section, patch.Offset+modern.PatchStates)
	rs, err := p.relocsIn(slot.Section, slot.Offset, slot.Offset+8)
	if err != nil {
		return err
	}
	pointer := false
	for _, r := range rs {
		pointer = pointer || r.Type == p.arch.pointer
	}
	b, ok := p.bytesAt(slot, 16)
	if !ok {
		return p.fail(slot, "struct klp_patch extends past the end of its section")
	}
	word, next := p.f.Uint64(b), p.f.Uint64(b[8:])
	switch {
	case pointer && !l.HasStates, !pointer && word == 0 && next != 0 && !l.HasStates:
		*l = modern
	case !pointer && word != 0 && l.HasStates && p.m.Vermagic.Release == "":
		*l = first
	default:
		return nil
	}
	return p.readInit() // it looked at another offset for replace
}
