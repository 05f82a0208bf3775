package safeelf

import (
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
		if sec.Type == elf.SHT_NOBITS || sec.Type == elf.SHT_NULL || sec.FileSize == 0 || sec.FileSize > preloadMax || aboutDebug(sec) {
			continue
		}
		if _, ok := s.held(int64(sec.Offset), int64(sec.FileSize)); ok {
			continue
		}
		list = append(list, fileRange(sec.Offset<<32|(sec.Offset+sec.FileSize)))
	}
	slices.Sort(list)
	s.ranges = list
	for len(list) > 0 {
		from, to := list[0].bounds()
		n := 1
		for ; n < len(list); n++ {
			start, end := list[n].bounds()
			if start > to+preloadGap || end-from > preloadMax {
				break
			}
			to = max(to, end)
		}
		if list = list[n:]; n > 1 {
			_, _ = s.read(from, to-from)
		}
	}
}

// fileRange is a range of a file, from its first byte, in the upper half, to
// where it ends: numbers sort fast, and MaxFile fits into a half.
type fileRange uint64

// bounds returns the first byte, and where the range ends.
func (r fileRange) bounds() (from, to int64) { return int64(r >> 32), int64(r & (1<<32 - 1)) }
