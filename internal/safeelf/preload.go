package safeelf

import (
	"cmp"
	"debug/elf"
	"slices"
)

// Bounds of Preload, in bytes.
const (
	preloadGap = 2 << 10  // read rather than left out between two sections
	preloadMax = 64 << 10 // of neighbours together; more is read when it is asked for
)

// Preload reads the sections that are not about debugging, which most of a module
// with debug information is; neighbours in one go. It only saves system calls:
// what it leaves out, or cannot read, is read, or fails, when it is asked for.
func (f *File) Preload() {
	s := f.src
	if s.r == nil {
		return
	}
	list := s.ranges[:0]
	for _, sec := range f.Sections {
		if sec.Type != elf.SHT_NOBITS && sec.Type != elf.SHT_NULL && sec.FileSize > 0 && sec.FileSize <= preloadMax && !aboutDebug(sec) {
			list = append(list, fileRange{int64(sec.Offset), int64(sec.Offset + sec.FileSize)})
		}
	}
	slices.SortFunc(list, func(a, b fileRange) int { return cmp.Compare(a.from, b.from) })
	s.ranges = list
	for len(list) > 0 {
		r, n := list[0], 1
		for n < len(list) && list[n].from <= r.to+preloadGap && list[n].to-r.from <= preloadMax {
			r.to = max(r.to, list[n].to)
			n++
		}
		if list = list[n:]; n > 1 {
			_, _ = s.Slice(r.from, r.to-r.from)
		}
	}
}

// fileRange is bytes [from, to) of a file.
type fileRange struct{ from, to int64 }
