package kernel

import (
	"cmp"
	"encoding/binary"
	"slices"

	"golang.org/x/arch/x86/x86asm"

	"github.com/klplint/klplint/klp"
)

// ThreadStarters returns the functions of vmlinux that start a kernel thread with the
// function that a func of a livepatch means: they pass its address as the first
// parameter to one of threadMakers. Sorted, each once; nil where there is none, and
// where no image was read whose code tells. Threads that are described by tables
// (struct smp_hotplug_thread), or made by code that is freed after boot, do not count.
func (k *Kernel) ThreadStarters(object, name string, sympos uint64) []string {
	o, err := k.Object(object)
	if err != nil || o.Name != vmlinux || o.facts != nil || o.table.hidden || !k.linkAddresses() {
		return nil
	}
	self, ok := o.table.meant(name, sympos)
	if !ok {
		return nil
	}
	addr, starts := o.table.addrs[self], k.image.threadStarts
	i, _ := slices.BinarySearchFunc(starts, threadStart{main: addr}, threadStart.compare)
	var list []string
	for ; i < len(starts) && starts[i].main == addr; i++ {
		if name := o.table.functionAt(starts[i].starter); name != "" {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// threadMakers take the main function of a kernel thread as their first parameter
// (kernel/kthread.c, kernel/fork.c).
var threadMakers = []string{"kthread_create_on_node", "kthread_create_on_cpu", "kernel_thread"}

// threadStart says that one function starts threads with another: both addresses are
// where the functions begin.
type threadStart struct{ main, starter uint64 }

func (a threadStart) compare(b threadStart) int {
	return cmp.Or(cmp.Compare(a.main, b.main), cmp.Compare(a.starter, b.starter))
}

// maxThreadStarts bounds what is kept of an image; Debian's 6.12 has 39.
const maxThreadStarts = 1 << 14

// readThreadStarts looks through the kernel's code for calls of threadMakers.
func (f *imageFacts) readThreadStarts(m *image) {
	from, to, ok := f.bounds("_stext", "_etext")
	if !ok {
		return
	}
	makers := make(map[uint64]bool)
	for _, name := range threadMakers {
		if addr, ok := f.symbols.addr(name); ok {
			makers[addr] = true
			if f.arch == klp.PPC64LE {
				makers[addr+localEntry] = true
			}
		}
	}
	if len(makers) == 0 {
		return
	}
	work := uint64(0) // bytes of code read before calls
	for _, s := range m.segments {
		begin, end := max(s.addr, from), min(s.addr+uint64(len(s.data)), to)
		if begin >= end {
			continue
		}
		text := segment{begin, s.data[begin-s.addr : end-s.addr]}
		text.eachCall(f.arch, m.order, func(at, target uint64) {
			if makers[target] && work <= maxDecoded {
				work += f.noteThreadStart(text, at, m.order)
			}
		})
	}
	if work > maxDecoded {
		f.note("too much code before calls that make kernel threads: not all threads are known")
	}
	slices.SortFunc(f.threadStarts, threadStart.compare)
	f.threadStarts = slices.Compact(f.threadStarts)
}

// noteThreadStart takes up the call at an address, if its first parameter is known, and
// returns how many bytes of code it has read.
func (f *imageFacts) noteThreadStart(text segment, at uint64, order binary.ByteOrder) (work uint64) {
	i, ok := f.symbols.starting(at)
	if !ok || f.symbols.addrs[i] < text.addr || len(f.threadStarts) == maxThreadStarts {
		return 0
	}
	begin := f.symbols.addrs[i]
	main, known := firstParameter(f.arch, segment{begin, text.data[begin-text.addr : at-text.addr]}, order)
	if !known {
		return at - begin
	}
	if j, ok := f.symbols.starting(main); ok && f.symbols.addrs[j] == main {
		f.threadStarts = append(f.threadStarts, threadStart{main, begin})
	}
	return at - begin
}

// eachCall visits what looks like a call of a function by its address. On x86_64 that
// may be bytes within another instruction.
func (s segment) eachCall(arch klp.Arch, order binary.ByteOrder, visit func(at, target uint64)) {
	switch arch {
	case klp.X86_64:
		for i := 0; i+5 <= len(s.data); i++ {
			if s.data[i] == 0xe8 {
				at := s.addr + uint64(i)
				visit(at, at+5+uint64(int64(int32(binary.LittleEndian.Uint32(s.data[i+1:])))))
			}
		}
	case klp.S390X:
		for i := 0; i+6 <= len(s.data); i += 2 { // brasl, in halfwords
			if s.data[i] == 0xc0 && s.data[i+1]&0xf == 5 {
				at := s.addr + uint64(i)
				visit(at, at+2*uint64(int64(int32(binary.BigEndian.Uint32(s.data[i+2:])))))
			}
		}
	default:
		for i := 0; i+4 <= len(s.data); i += 4 {
			if distance, is := wordBranch(arch, order.Uint32(s.data[i:])); is {
				at := s.addr + uint64(i)
				visit(at, at+uint64(distance))
			}
		}
	}
}

// firstParameter is the address in the register of the first parameter behind some
// code of a function, as far as the code before it, read from one instruction to the
// next, sets the register to a constant. Only x86_64, arm64 and s390x are read.
func firstParameter(arch klp.Arch, code segment, order binary.ByteOrder) (value uint64, known bool) {
	switch arch {
	case klp.X86_64:
		whole := instructions(code.data, func(offset uint64, in x86asm.Inst) bool {
			switch next := code.addr + offset + uint64(in.Len); {
			case in.Op == x86asm.CALL:
				known = false
			case !setsRDI(in):
			default:
				value, known = constantOf(in, next)
			}
			return true
		})
		return value, known && whole
	case klp.ARM64:
		const x0 = 0
		for i := 0; i+4 <= len(code.data); i += 4 {
			word := order.Uint32(code.data[i:])
			switch at := code.addr + uint64(i); {
			case word&0xfc000000 == 0x94000000: // bl
				known = false
			case word&0x1f != x0:
			case word&0x9f000000 == 0x90000000: // adrp x0, page
				page := int64(int32(word<<8)>>13)<<2 | int64(word>>29&3)
				value, known = at&^0xfff+uint64(page<<12), true
			case word&0xffc003e0 == 0x91000000 && known: // add x0, x0, #n
				value += uint64(word >> 10 & 0xfff)
			case word&0x1f000000 == 0x11000000, word&0x1f800000 == 0x12800000, word&0x1f000000 == 0x0a000000, word&0x3b000000 == 0x39000000 && word&0x00c00000 != 0:
				known = false // add, mov, orr, a load into x0
			}
		}
		return value, known
	case klp.S390X:
		for i := 0; i+2 <= len(code.data); {
			length := 2 + (int(code.data[i]>>6)+1)/2*2
			if i+length > len(code.data) {
				return 0, false
			}
			in := code.data[i : i+length]
			switch {
			case in[0] == 0xc0 && in[1] == 0x20: // larl %r2, in halfwords
				value, known = code.addr+uint64(i)+2*uint64(int64(int32(binary.BigEndian.Uint32(in[2:])))), true
			case in[0] == 0xc0 && in[1]&0xf == 5, in[0] == 0x0d: // brasl, basr
				known = false
			case in[0] == 0xb9 && length == 4 && in[3]>>4 == 2, in[0] == 0xe3 && in[1]>>4 == 2, in[0] == 0xa7 && in[1]>>4 == 2 && in[1]&0xf >= 8, in[0] == 0x41 && in[1]>>4 == 2:
				known = false // lgr, lg, lghi, la into %r2
			}
			i += length
		}
		return value, known
	}
	return 0, false
}

// setsRDI reports whether an instruction may write the first parameter's register.
func setsRDI(in x86asm.Inst) bool {
	switch in.Op {
	case x86asm.CMP, x86asm.TEST, x86asm.PUSH, x86asm.BT:
		return false
	case x86asm.XCHG, x86asm.XADD:
		return isRDI(in.Args[0]) || isRDI(in.Args[1])
	}
	return isRDI(in.Args[0])
}

func isRDI(a x86asm.Arg) bool {
	return a == x86asm.RDI || a == x86asm.EDI || a == x86asm.DI || a == x86asm.DIB
}

// constantOf is the address that an instruction sets a register to: mov $ADDRESS, or
// lea OFFSET(%rip). next is where the next instruction is.
func constantOf(in x86asm.Inst, next uint64) (value uint64, known bool) {
	switch in.Op {
	case x86asm.MOV:
		if n, ok := in.Args[1].(x86asm.Imm); ok {
			return uint64(n), true
		}
	case x86asm.LEA:
		if m, ok := in.Args[1].(x86asm.Mem); ok && m.Base == x86asm.RIP && m.Index == 0 {
			return next + uint64(m.Disp), true
		}
	}
	return 0, false
}
