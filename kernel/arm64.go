package kernel

import (
	"bytes"
	"encoding/binary"

	"github.com/klplint/klplint/klp"
)

// relocateFlat writes the relocations of an arm64 Image into it. The kernel is
// linked position independent and applies .rela.dyn to itself when it starts
// (arch/arm64/kernel/pi/relocate.c), so words such as those of __mcount_loc are
// zero in the file. The image has no section table: the relocations are found
// as the one long run of entries of type R_AARCH64_RELATIVE. Kernels linked
// with packed relative relocations have the words in place, and no such run.
func (m *image) relocateFlat() {
	if !m.flat || m.arch != klp.ARM64 || m.order != binary.LittleEndian || len(m.segments) != 1 {
		return
	}
	data := m.segments[0].data
	start, count := findRelative(data)
	if count == 0 {
		return
	}
	entry := func(i int) (place, value uint64) {
		e := data[start+i*relaSize:]
		return binary.LittleEndian.Uint64(e), binary.LittleEndian.Uint64(e[16:])
	}
	lowest := ^uint64(0)
	for i := range count {
		place, _ := entry(i)
		lowest = min(lowest, place)
	}
	base := lowest &^ (imageAlign - 1)
	out := bytes.Clone(data) // the caller's bytes stay as they are
	for i := range count {
		place, value := entry(i)
		if at := place - base; at <= uint64(len(out)) && uint64(len(out))-at >= 8 {
			binary.LittleEndian.PutUint64(out[at:], value)
		}
	}
	m.segments[0] = segment{base, out}
}

// rebaseByLocations gives a flat image its link address where nothing but the
// words of __mcount_loc has it: since 7.0 kallsyms offsets count from their own
// place, and a kernel linked with packed relative relocations has no others.
// The symbols, which count from the start of the image until then, move with it.
func (m *image) rebaseByLocations(table *symbolTable) {
	if !m.flat || len(m.segments) != 1 || m.segments[0].addr != 0 {
		return
	}
	start, ok1 := table.addr("__start_mcount_loc")
	stop, ok2 := table.addr("__stop_mcount_loc")
	words := m.between(start, stop)
	if !ok1 || !ok2 {
		return
	}
	lowest, highest := ^uint64(0), uint64(0)
	for ; len(words) >= 8; words = words[8:] {
		if a := m.order.Uint64(words); a != 0 { // 0: a weak function that lost
			lowest, highest = min(lowest, a), max(highest, a)
		}
	}
	base := lowest &^ (imageAlign - 1)
	if highest == 0 || base>>63 == 0 || highest-base >= uint64(len(m.segments[0].data)) {
		return
	}
	m.segments[0].addr = base
	for i := range table.addrs {
		table.addrs[i] += base
	}
}

// imageAlign is what the address at which arm64 links _text (KIMAGE_VADDR) is a
// multiple of, in bytes; kernels are smaller than that.
const imageAlign = 128 << 20

const (
	relaSize          = 24   // Elf64_Rela
	relativeInfo      = 1027 // r_info of R_AARCH64_RELATIVE, which has no symbol
	fewestRelocations = 64   // a shorter run may be chance
)

// findRelative returns the offset and the length of the longest run.
func findRelative(data []byte) (start, count int) {
	info := binary.LittleEndian.AppendUint64(nil, relativeInfo)
	for from := 8; from < len(data); {
		hit := bytes.Index(data[from:], info)
		if hit < 0 {
			break
		}
		first := from + hit - 8
		n := 0
		for at := first; at+relaSize <= len(data) && bytes.Equal(data[at+8:at+16], info); at += relaSize {
			n++
		}
		if n > count {
			start, count = first, n
		}
		from = first + 8 + max(1, (n-1)*relaSize+8)
	}
	if count < fewestRelocations {
		return 0, 0
	}
	return start, count
}

// callOps is how far before a function's entry its call site is recorded with
// DYNAMIC_FTRACE_WITH_CALL_OPS: two instructions, which hold a pointer
// (arch/arm64/kernel/ftrace.c: ftrace_call_adjust).
const callOps = 8

// beforeEntry reports whether most call sites stand before functions rather
// than in them. starts reports whether a function begins at a place.
func beforeEntry(sites []uint64, starts func(uint64) bool) bool {
	before := 0
	for _, a := range sites {
		if !starts(a) && starts(a+callOps) {
			before++
		}
	}
	return before > len(sites)/2
}
