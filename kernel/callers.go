package kernel

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

// Callers returns the functions of vmlinux that call or jump to a clone, sorted,
// each once: unlikely halves (.cold) under their function's name. known is false
// where no image was read whose code tells, and where none was found: compilers
// make no clone that nobody calls. Functions that are freed after boot do not
// count. Nothing is told of functions that are no clones (Clones).
func (o *Object) Callers(clone Related) (list []string, known bool) {
	k := o.kernel
	if o.Name != vmlinux || o.facts != nil || !clone.HasAddr || !k.linkAddresses() {
		return nil, false
	}
	calls := k.image.cloneCalls
	i, _ := slices.BinarySearchFunc(calls, clone.Addr, func(c cloneCall, addr uint64) int {
		if c.clone < addr {
			return -1
		}
		return 1
	})
	for ; i < len(calls) && calls[i].clone == clone.Addr; i++ {
		if name := o.table.functionAt(calls[i].caller); name != "" {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return list, len(list) > 0
}

// cloneCall is a call or a jump from one function to a clone of another: both
// addresses are where the functions begin.
type cloneCall struct{ clone, caller uint64 }

// maxCloneCalls bounds what is kept of an image: those of five architectures have up to 5,042.
const maxCloneCalls = 1 << 18

// readCloneCalls looks through the kernel's code for calls of clones.
func (f *imageFacts) readCloneCalls(m *image) {
	from, to, ok := f.bounds("_stext", "_etext")
	if !ok {
		return
	}
	f.symbols.clonesOnce.Do(f.symbols.buildClones)
	r := callReader{facts: f, clones: map[uint64]bool{}, found: map[cloneCall]bool{}}
	for _, list := range f.symbols.clones {
		for _, i := range list {
			r.clones[f.symbols.addrs[i]] = true
		}
	}
	if len(r.clones) == 0 {
		return
	}
	for _, s := range m.segments { // text may be several sections
		begin, end := max(s.addr, from), min(s.addr+uint64(len(s.data)), to)
		if begin < end {
			r.segment = segment{begin, s.data[begin-s.addr : end-s.addr]}
			r.read(m.order)
		}
	}
	if r.work > maxDecoded {
		f.note("too much code around the compiler's clones: their callers are not known")
		return
	}
	for c := range r.found {
		f.cloneCalls = append(f.cloneCalls, c)
	}
	sortCloneCalls(f.cloneCalls)
}

// callReader looks through one piece of code after another.
type callReader struct {
	facts *imageFacts
	segment
	clones map[uint64]bool // by address
	found  map[cloneCall]bool
	work   uint64 // bytes of instructions decoded
}

// maxDecoded bounds the bytes of instructions that are decoded of one image: 6.12
// takes 1.2 MiB.
const maxDecoded = 128 << 20

func (r *callReader) read(order binary.ByteOrder) {
	switch r.facts.arch {
	case klp.X86_64:
		r.farBranches()
		for clone := range r.clones {
			r.nearBranches(clone)
		}
	case klp.S390X:
		for i := 0; i+6 <= len(r.data); i += 2 { // brasl and brcl, in halfwords
			if op := r.data[i+1] & 0xf; r.data[i] == 0xc0 && (op == 5 || op == 4) {
				at := r.addr + uint64(i)
				r.note(at, at+2*uint64(int64(int32(binary.BigEndian.Uint32(r.data[i+2:])))))
			}
		}
	default:
		for i := 0; i+4 <= len(r.data); i += 4 {
			distance, is := wordBranch(r.facts.arch, order.Uint32(r.data[i:]))
			if !is {
				continue
			}
			at := r.addr + uint64(i)
			r.note(at, at+uint64(distance))
			if r.facts.arch == klp.PPC64LE {
				r.note(at, at+uint64(distance)-localEntry)
			}
		}
	}
}

// note takes up what looks like a branch from a place, if it leads to a clone.
func (r *callReader) note(at, target uint64) {
	if !r.clones[target] || len(r.found) == maxCloneCalls {
		return
	}
	t := r.facts.symbols
	i, ok := t.starting(at)
	if !ok || r.found[cloneCall{target, t.addrs[i]}] {
		return
	}
	if r.facts.arch == klp.X86_64 && t.addrs[i] >= r.addr {
		r.work += at - t.addrs[i]
		if r.work > maxDecoded || !onBoundary(r.data[t.addrs[i]-r.addr:], at-t.addrs[i]) {
			return
		}
	}
	r.found[cloneCall{target, t.addrs[i]}] = true
}

func sortCloneCalls(list []cloneCall) {
	slices.SortFunc(list, func(a, b cloneCall) int {
		switch {
		case a.clone != b.clone && a.clone < b.clone, a.clone == b.clone && a.caller < b.caller:
			return -1
		case a == b:
			return 0
		}
		return 1
	})
}

// localEntry is how far behind a function's start callers within the kernel enter
// it on ppc64le, in bytes: behind the two instructions that set up the TOC.
const localEntry = 8

// wordBranch returns how far a call or jump of one word goes, in bytes.
func wordBranch(arch klp.Arch, word uint32) (distance int64, is bool) {
	switch arch {
	case klp.ARM64: // b and bl
		return int64(int32(word<<6)) >> 4, word&0x7c000000 == 0x14000000
	case klp.PPC64LE: // b and bl, relative
		return int64(int32(word<<6)) >> 6 &^ 3, word&0xfc000002 == 0x48000000
	case klp.LoongArch64: // b and bl
		far := word&0x3ff<<16 | word>>10&0xffff
		return int64(int32(far<<6)) >> 4, word>>27 == 0x0a
	}
	return 0, false
}

// farBranches notes what looks like a call or jump with a distance of 32 bits.
func (r *callReader) farBranches() {
	for i := 0; i+5 <= len(r.data); i++ {
		at, size := r.addr+uint64(i), uint64(5)
		switch b := r.data[i]; {
		case b == 0xe8, b == 0xe9:
		case b&0xf0 == 0x80 && i > 0 && r.data[i-1] == 0x0f: // a conditional jump's second byte
			at, size = at-1, 6
		default:
			continue
		}
		r.note(at, at+size+uint64(int64(int32(binary.LittleEndian.Uint32(r.data[i+1:])))))
	}
}

// nearBranches notes what looks like a jump to a clone with a distance of 8 bits.
func (r *callReader) nearBranches(clone uint64) {
	stop := r.addr + uint64(len(r.data))
	for at := max(r.addr, clone-min(clone, 129)); at < clone+127 && at+2 <= stop; at++ {
		b := r.data[at-r.addr:]
		if (b[0] == 0xeb || b[0]&0xf0 == 0x70) && at+2+uint64(int64(int8(b[1]))) == clone {
			r.note(at, clone)
		}
	}
}

// onBoundary reports whether an instruction of a function's code begins at an
// offset, as far as the code before it can be read.
func onBoundary(code []byte, at uint64) bool {
	last := uint64(0)
	whole := instructions(code, func(offset uint64, _ x86asm.Inst) bool {
		last = offset
		return offset < at
	})
	return last == at || !whole
}

// instructions visits one instruction after another until visit says no; false
// where one cannot be read.
func instructions(code []byte, visit func(at uint64, in x86asm.Inst) bool) bool {
	for at := 0; at < len(code); {
		var in x86asm.Inst
		var err error
		if bytes.HasPrefix(code[at:], []byte{0xf3, 0x0f, 0x1e, 0xfa}) {
			in.Len = 4 // ENDBR64
		} else if in, err = x86asm.Decode(code[at:], 64); err != nil || in.Op == 0 {
			return false // no operation: the bytes end within an instruction
		}
		if !visit(uint64(at), in) {
			break
		}
		at += in.Len
	}
	return true
}

// starting returns the function of a table sorted by address that an address
// lies in.
func (t *symbolTable) starting(addr uint64) (int, bool) {
	i, found := slices.BinarySearch(t.addrs, addr)
	if !found {
		i--
	}
	for ; i >= 0; i-- {
		if code(t.kinds[i]) {
			return i, true
		}
	}
	return 0, false
}

// functionAt returns the name of the function that begins at an address: of
// several the first in the order of names.
func (t *symbolTable) functionAt(addr uint64) string {
	i, _ := slices.BinarySearch(t.addrs, addr)
	best := ""
	for ; i < t.len() && t.addrs[i] == addr; i++ {
		if !code(t.kinds[i]) {
			continue
		}
		name := string(t.name(i))
		if strings.Contains(name, ".cold") {
			name = names.FuncBase(name)
		}
		if best == "" || name < best {
			best = name
		}
	}
	return best
}
