package kernel

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/kernel/internal/debuginfo"
	"github.com/klplint/klplint/kernel/internal/inlined"
)

// Inlined is a function that holds a copy of another one.
type Inlined struct {
	Name string
	File string // the last part of the name of its source file
}

// ErrNoDebugInfo says that nothing tells which functions were inlined.
var ErrNoDebugInfo = errors.New("a vmlinux with DWARF")

// InlinedInto returns the functions of vmlinux into which the compiler inlined
// a function of that name, sorted. File tells apart functions of one name: the
// copies are in the source file of their original. The error wraps
// ErrNoDebugInfo, or says why the debug information could not be read. It is
// read at the first question, and kept in the cache.
func (k *Kernel) InlinedInto(name string) ([]Inlined, error) {
	if k.copies == nil {
		return nil, ErrNoDebugInfo
	}
	pairs, err := k.copies.all()
	if err != nil {
		return nil, err
	}
	i, _ := slices.BinarySearchFunc(pairs, name, func(p inlined.Pair, name string) int {
		if p.Callee < name {
			return -1
		}
		return 1
	})
	var list []Inlined
	for ; i < len(pairs) && pairs[i].Callee == name; i++ {
		list = append(list, Inlined{pairs[i].Caller, pairs[i].File})
	}
	return list, nil
}

// inlinedCopies is what was inlined in one vmlinux, read when it is first asked
// for.
type inlinedCopies struct {
	path    string
	sum     [sha256.Size]byte // of what learn sees of the image, its build ID among that
	symbols *symbolTable
	cache   *cache

	once  sync.Once
	pairs []inlined.Pair
	err   error
}

// Bounds on debug information, in bytes: a distribution's vmlinux has 220 MiB of
// .debug_info, in units of up to 1 MiB.
const (
	maxDebugInfo   = 4 << 30
	maxDebugUnit   = 64 << 20
	maxDebugTables = 128 << 20 // of abbreviations and strings together
)

// all returns all pairs whose callee is a function of the kernel: what is always
// inlined cannot be patched.
func (c *inlinedCopies) all() ([]inlined.Pair, error) {
	c.once.Do(func() {
		if b := c.cache.get("inlined", c.sum); b != nil {
			d := decoder{b: b}
			if pairs := d.pairs(); d.err == nil && len(d.b) == 0 {
				c.pairs = pairs
				return
			}
		}
		if c.pairs, c.err = c.read(); c.err != nil {
			c.err = fmt.Errorf("%s: %w", c.path, c.err)
			return
		}
		var e encoder
		e.pairs(c.pairs)
		c.cache.put("inlined", c.sum, e.b)
	})
	return c.pairs, c.err
}

// errPackedDebugInfo says that a vmlinux has SHF_COMPRESSED debug sections.
var errPackedDebugInfo = errors.New("compressed debug sections; unpack them with objcopy --decompress-debug-sections")

func (c *inlinedCopies) read() ([]inlined.Pair, error) {
	r, err := os.Open(c.path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	info, err := r.Stat()
	if err != nil {
		return nil, err
	}
	f, err := safeelf.NewBudget(r, info.Size(), maxDebugTables)
	if err != nil {
		return nil, err
	}
	s := debuginfo.Sections{Order: binary.LittleEndian, MaxUnit: maxDebugUnit, MaxAll: maxDebugInfo}
	if f.BigEndian {
		s.Order = binary.BigEndian
	}
	for _, part := range []struct {
		name string
		to   *[]byte
	}{
		{".debug_abbrev", &s.Abbrev}, {".debug_str", &s.Str}, {".debug_line_str", &s.LineStr}, {".debug_str_offsets", &s.StrOffsets},
	} {
		i := f.Index(part.name)
		if i == 0 {
			continue
		}
		if f.Sections[i].Flags&elf.SHF_COMPRESSED != 0 {
			return nil, errPackedDebugInfo
		}
		if *part.to, err = f.Data(i); err != nil {
			return nil, err
		}
	}
	debug := f.Sections[f.Index(".debug_info")]
	if debug.Flags&elf.SHF_COMPRESSED != 0 {
		return nil, errPackedDebugInfo
	}
	s.Info, s.InfoSize = io.NewSectionReader(r, int64(debug.Offset), int64(debug.FileSize)), int64(debug.FileSize)
	return inlined.Read(s, func(name []byte) bool {
		return slices.ContainsFunc(c.symbols.find(string(name)), func(i int) bool { return code(c.symbols.kinds[i]) })
	})
}

func (e *encoder) pairs(list []inlined.Pair) {
	e.u64(uint64(len(list)))
	for _, p := range list {
		e.string(p.Callee)
		e.string(p.Caller)
		e.string(p.File)
	}
}

func (d *decoder) pairs() []inlined.Pair {
	list := make([]inlined.Pair, d.count(24))
	for i := range list {
		list[i] = inlined.Pair{Callee: d.string(), Caller: d.string(), File: d.string()}
	}
	return list
}
