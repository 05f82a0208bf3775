package elfread

import (
	"errors"
	"fmt"
	"strings"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/klp"
)

// stride is the size of one array entry, in bytes, and what told it.
type stride struct {
	size   uint64
	source klp.LayoutSource
}

// Debug options of a kernel enlarge the kobject inside klp_object and klp_func
// (CONFIG_DEBUG_KOBJECT_RELEASE, lockdep), so that no table by release can know
// the stride. The arrays themselves show it: relocated pointers of the entries
// stand one stride apart, and the array's symbol is one entry longer than the
// entries in use. Each candidate is tried against the array before it counts.

// maxStride bounds an entry, in bytes: klp_object with every debug option of
// Linux 6.12 has about 600.
const maxStride = 4096

// objectStride finds the size of klp_object in the array at a place.
func (p *parser) objectStride(at place) (stride, error) {
	l := &p.m.Layout
	a, err := p.array(at)
	if err != nil {
		return stride{}, err
	}
	author := l.ObjectFuncs + 8 // what the author writes ends here
	if l.HasCallbacks {
		author = l.ObjectCallbacks + 40
	}
	return p.choose(structSize{
		name: "klp_object", known: l.ObjectSize, author: author,
		heads: [2]uint64{l.ObjectName, l.ObjectFuncs},
		of:    func(d *klp.Layout) uint64 { return d.ObjectSize },
		spacing: func(a *array) uint64 {
			for i, r := range a.relocs {
				off := r.Offset - at.Offset
				if off < author || !p.toData(r) {
					continue
				}
				// The next entry starts with its name, or with its funcs where the
				// name is NULL: both point to data, callbacks point to code.
				if i+1 < len(a.relocs) && a.relocs[i+1].Offset == r.Offset+8 && p.toData(a.relocs[i+1]) {
					return off
				}
				return off - l.ObjectFuncs
			}
			return 0
		},
	}, []array{a})
}

// funcStride finds the size of klp_func, which all arrays of a module share.
func (p *parser) funcStride(starts []place) (stride, error) {
	l := &p.m.Layout
	arrays := p.arrays[:0]
	for _, at := range starts {
		if at.Section == 0 { // klp_object.funcs is NULL
			continue
		}
		a, err := p.array(at)
		if err != nil {
			return stride{}, err
		}
		arrays = append(arrays, a)
	}
	p.arrays = arrays
	return p.choose(structSize{
		name: "klp_func", known: l.FuncSize, author: l.FuncSympos + 8,
		heads: [2]uint64{l.FuncName, l.FuncNew},
		of:    func(d *klp.Layout) uint64 { return d.FuncSize },
		spacing: func(a *array) (spacing uint64) {
			// Names point to data and new functions to code: each kind stands
			// one stride apart, but for entries that leave one out.
			for _, r := range a.relocs {
				off := r.Offset - a.at.Offset
				if p.toData(r) {
					off -= l.FuncName
				} else {
					off -= l.FuncNew
				}
				if off == 0 || off >= 1<<32 {
					continue
				}
				if spacing = gcd(spacing, off); a.size == 0 {
					break // what follows may be another variable
				}
			}
			return spacing
		},
	}, arrays)
}

// array is what is known of one array of structs.
type array struct {
	at     place
	relocs []ir.Reloc // up to the end of its symbol, or a few entries
	size   uint64     // of its symbol, 0 when there is none
	used   uint64     // entries in use, by the last size that fitted
}

// structSize is the question how large a struct is.
type structSize struct {
	name   string
	known  uint64    // by the layout found so far, 0 when that does not tell
	author uint64    // how many of its bytes the author writes
	heads  [2]uint64 // offsets of its two pointers of which an entry in use has one
	// spacing measures the distance of an array's entries by their relocations; 0
	// with fewer than two.
	spacing func(*array) uint64
	of      func(*klp.Layout) uint64 // its size in a layout
}

// extentGuess is how far relocations are looked at where no symbol and no other
// table bounds the array, in bytes.
const extentGuess = 3 * maxStride

// array returns the array at a place.
func (p *parser) array(at place) (array, error) {
	size := p.objectSize(at)
	n := size
	if n == 0 {
		n = extentGuess
		for _, k := range p.known {
			if k.Section == at.Section && k.Offset > at.Offset {
				n = min(n, k.Offset-at.Offset)
			}
		}
	}
	rs, err := p.relocsIn(at.Section, at.Offset, at.Offset+n)
	return array{at: at, relocs: rs, size: size}, err
}

// toData reports whether a relocation points to data, not to code.
func (p *parser) toData(r ir.Reloc) bool {
	y, ok := p.sym(r.Sym)
	return ok && y.Shndx != 0 && p.data(int(y.Shndx))
}

// choose takes the first candidate that all arrays bear out, in the order of
// what is most certain, and refuses sources that disagree.
func (p *parser) choose(q structSize, arrays []array) (stride, error) {
	l := &p.m.Layout
	var tried []string
	try := func(size uint64, source klp.LayoutSource) bool {
		for i := range arrays {
			if err := p.fit(&arrays[i], size, &q); err != nil {
				tried = append(tried, fmt.Sprintf("%s (%d bytes): %v", source, size, err))
				return false
			}
		}
		return true
	}
	// A size that is known beforehand and that the arrays bear out is what
	// they show too: several entries pin it by their relocations, one by the
	// symbol's size.
	var at place
	if len(arrays) > 0 {
		at = arrays[0].at
	}
	if q.known != 0 && try(q.known, l.Source) {
		s := stride{q.known, shownBy(arrays, l.Source)}
		if s.source != klp.LayoutBuiltin {
			return s, nil
		}
		// Without symbols a single entry may be the first of several larger ones.
		other, _, err := measure(arrays, q.spacing)
		if err != nil || other == 0 || other == q.known || !try(other, klp.LayoutRelocations) || shownBy(arrays, "") == "" {
			return s, nil
		}
		if d := p.fromDWARF(); d != nil && (q.of(d) == q.known || q.of(d) == other) {
			return stride{q.of(d), klp.LayoutDWARF}, nil
		}
		return stride{}, p.fail(at, "size of struct %s is ambiguous: %d bytes by the table of releases, but relocations fit %d too, and no symbol decides; give the kernel's BTF", q.name, q.known, other)
	}
	if l.Source == klp.LayoutBTF {
		return stride{}, p.fail(at, "size of struct %s: the given kernel is not the one that this module was built for: %s", q.name, strings.Join(tried, "; "))
	}
	size, source, err := measure(arrays, q.spacing)
	if err != nil {
		return stride{}, p.fail(at, "size of struct %s: %w", q.name, err)
	}
	switch {
	case size == 0:
		tried = append(tried, "too few entries to measure")
	case try(size, source):
		return stride{size, source}, nil
	}
	if d := p.fromDWARF(); d == nil {
		tried = append(tried, p.dwarf.reason)
	} else if size = q.of(d); size != 0 && try(size, klp.LayoutDWARF) {
		return stride{size, klp.LayoutDWARF}, nil
	}
	return stride{}, p.fail(at, "size of struct %s unknown: %s", q.name, strings.Join(tried, "; "))
}

// shownBy names the strongest evidence for a size that all arrays bear out;
// otherwise is what told the size beforehand.
func shownBy(arrays []array, otherwise klp.LayoutSource) klp.LayoutSource {
	bounded := len(arrays) > 0
	for i := range arrays {
		if arrays[i].used > 1 {
			return klp.LayoutRelocations
		}
		bounded = bounded && arrays[i].size != 0
	}
	if bounded {
		return klp.LayoutSymbols
	}
	return otherwise
}

// measure takes the stride from the arrays alone: relocations where an array
// has two entries, else the symbol of an array with one, which is two entries
// long with the terminating one.
func measure(arrays []array, spacing func(*array) uint64) (uint64, klp.LayoutSource, error) {
	var size uint64
	for i := range arrays {
		size = gcd(size, spacing(&arrays[i]))
	}
	if size != 0 {
		return size, klp.LayoutRelocations, nil
	}
	for _, a := range arrays {
		n := a.size / 2
		if len(a.relocs) == 0 {
			n = a.size // nothing but the terminating entry
		}
		switch {
		case a.size == 0 || a.size%16 != 0 && len(a.relocs) > 0:
		case size == 0:
			size = n
		case size != n:
			return 0, "", fmt.Errorf("symbols of arrays imply %d and %d bytes", size, n)
		}
	}
	return size, klp.LayoutSymbols, nil
}

// fit walks an array with entries of size bytes: every relocation must lie in
// the author's part of an entry. An entry with no relocation at a head, and no
// number in its author's part, ends the array.
func (p *parser) fit(a *array, size uint64, q *structSize) error {
	if size < q.author || size > maxStride || size%8 != 0 {
		return errors.New("impossible size")
	}
	if a.size%size != 0 {
		return fmt.Errorf("the size of the array's symbol, %d bytes, is not a multiple of it", a.size)
	}
	a.used = 0
	for next := 0; ; a.used++ {
		start := a.at.Offset + a.used*size
		b, ok := p.bytesAt(place{Section: a.at.Section, Offset: start}, q.author)
		if !ok {
			return fmt.Errorf("not terminated before the end of section %s", p.f.Sections[a.at.Section].Name)
		}
		used := !allZero(b)
		for ; next < len(a.relocs) && a.relocs[next].Offset < start+size; next++ {
			off := a.relocs[next].Offset - start
			if off >= q.author {
				if !used && a.size == 0 {
					return nil // behind the terminating entry something else begins
				}
				return fmt.Errorf("relocation at +0x%x of entry %d, in the part that the kernel fills in", off, a.used)
			}
			used = used || off == q.heads[0] || off == q.heads[1]
		}
		if !used {
			return nil
		}
		if a.used == maxFuncs {
			return errors.New("too many entries")
		}
	}
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
