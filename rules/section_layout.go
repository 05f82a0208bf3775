package rules

import (
	"slices"
	"strings"

	"github.com/klplint/klplint/klp"
)

// oddAlignment reports whether the section's alignment is none that ELF allows, or
// beyond what the loader works out in places of 32 bits
// (kernel/module/main.c: module_get_offset_and_type).
func oddAlignment(s *klp.Section) bool {
	return loaded(s) && (s.Align&(s.Align-1) != 0 || s.Align > maxAlign)
}

// layoutTurns are the flags of the sections that the loader lays out in turn: those
// that a section must have, and those that it must not
// (kernel/module/main.c: __layout_sections).
var layoutTurns = [...]struct{ has, lacks uint64 }{
	{shfExecinstr | shfAlloc, 0},
	{shfAlloc, shfWrite},
	{shfRoAfterInit | shfAlloc, 0},
	{shfWrite | shfAlloc, 0},
}

const shfRoAfterInit = 0x200000

// displaced returns the sections that an odd alignment makes the loader lay over the
// ones before, beyond what it can give a module, or, of those that hold what the kernel
// changes, where pointers do not belong; by their indices. The loader rounds places of
// 32 bits up with a mask, which an odd alignment leaves bits of, and one of more than
// half of what 32 bits hold turns over. Keys of static branches, for one, lose the
// lowest bits of where they are (include/linux/jump_label.h: jump_entry_key).
func displaced(m *klp.Module) map[int]bool {
	if !slices.ContainsFunc(m.Sections, func(s klp.Section) bool { return oddAlignment(&s) }) {
		return nil
	}
	const most = 1 << 30
	found := map[int]bool{}
	done := make([]bool, len(m.Sections))
	var sizes [2][len(layoutTurns)]uint32
	for turn, flags := range layoutTurns {
		for i := range m.Sections {
			s := &m.Sections[i]
			if done[i] || !loaded(s) || trackedOnly(s.Name) || s.Flags&flags.has != flags.has || s.Flags&flags.lacks != 0 {
				continue
			}
			done[i] = true
			part := 0
			if strings.HasPrefix(s.Name, ".init") {
				part = 1
			}
			size := &sizes[part][turn]
			mask := uint32(max(s.Align, 1)) - 1
			at := (*size + mask) &^ mask
			if at < *size || at > most || at%8 != 0 && flags.has&(shfWrite|shfRoAfterInit) != 0 && s.Size > 0 {
				found[i] = true
			}
			*size = at + uint32(s.Size)
		}
	}
	return found
}
