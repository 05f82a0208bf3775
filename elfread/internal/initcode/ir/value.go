package ir

// Kind tells how much is known of a value.
type Kind uint8

const (
	// Unknown may be anything, among it an address inside any region of the
	// set in off (see bits), and inside no region that is not in the set. Its reg is
	// decided when the value is known to differ from run to run or from path to
	// path, 0 when it may as well be a constant that was not understood.
	Unknown Kind = iota
	// Constant is the number off.
	Constant
	// Address is byte off of region.
	Address
	// Within is an address somewhere in region.
	Within
	// Verdict is what klp_enable_patch() returned for the patch at byte off of region.
	Verdict
	// LowByte has the number off in its lowest byte; the others are of an address in
	// reg, or of no address when reg is 0.
	LowByte
	// LowWord is the same for the lowest four bytes.
	LowWord
	// Page is the high part of an address in reg, to which an instruction
	// relocated against the same region adds the low part.
	Page
	// ReturnAddress is where the function that is off-th in the chain of calls returns to.
	ReturnAddress
)

// Region names memory that code can address: the stack of init and all that it
// calls, a section, an undefined symbol, or what an allocation returned.
type Region uint32

// The stack, and what is added to a section index, a symbol index or the number of an
// allocation to make a region of it.
const (
	Stack        Region = 1
	SectionBase  Region = 1 << 28
	ExternBase   Region = 2 << 28
	AllocBase    Region = 3 << 28
	RegionNumber Region = 1<<28 - 1 // the largest such index, and the bits that hold it
)

// IsSection reports whether r is a section of the module.
func (r Region) IsSection() bool { return r&^RegionNumber == SectionBase }

// IsExtern reports whether r is what an undefined symbol stands for.
func (r Region) IsExtern() bool { return r&^RegionNumber == ExternBase }

// IsAlloc reports whether r is what an allocation returned.
func (r Region) IsAlloc() bool { return r&^RegionNumber == AllocBase }

// Number is the section index, symbol index or allocation number.
func (r Region) Number() int { return int(r & RegionNumber) }

// Bits is a set of regions, for unknown values: which of them it may point into.
// Sections share 31 bits by their index, allocations beyond the thirty-first share the
// last: the set may then hold more than was put in, never less. Memory outside the
// module is in none.
type Bits uint64

// Sets of the stack alone, of all sections, and of everything.
const (
	StackBit   Bits = 1 << 0
	sections        = 31
	allocated       = 1 + sections
	StaticBits      = (Bits(1)<<allocated - 1) &^ StackBit
	AllBits         = ^Bits(0)
)

// Bit is the set of r alone, or the smallest that holds it.
func (r Region) Bit() Bits {
	switch {
	case r == Stack:
		return StackBit
	case r.IsSection():
		return 2 << (r.Number() % sections)
	case r.IsAlloc():
		return 1 << min(allocated+r.Number(), 63)
	}
	return 0
}

// Value is what is known of the content of a register or of memory.
type Value struct {
	Kind Kind
	Reg  Region
	Off  int64 // see Kind
}

// decided marks unknown values that are decided at run time.
const decided Region = 1

// Anything is an unknown value that may point into the regions of b.
func Anything(b Bits) Value { return Value{Off: int64(b)} }

// Runtime is a value that is decided at run time and may point into the regions of b.
func Runtime(b Bits) Value { return Value{Reg: decided, Off: int64(b)} }

// Number is the number n.
func Number(n int64) Value { return Value{Kind: Constant, Off: n} }

// IsNumber reports whether v is a known number.
func IsNumber(v Value) bool { return v.Kind == Constant }

// IsZero reports whether v is the number 0.
func (v Value) IsZero() bool { return v.Kind == Constant && v.Off == 0 }

// Exact reports whether v is a known address.
func (v Value) Exact() bool { return v.Kind == Address }

// Vague reports whether v may as well be a constant that was not understood.
func (v Value) Vague() bool { return v.Kind == Unknown && v.Reg != decided }

// Pointer reports whether v is an address in a known region.
func (v Value) Pointer() bool { return v.Kind == Address || v.Kind == Within }

// Code is the place of code that v is the address of, and false where it is none.
func (v Value) Code() (PC, bool) {
	if !v.Exact() || !v.Reg.IsSection() || v.Off < 0 || v.Off > 1<<31 {
		return PC{}, false
	}
	return PC{uint32(v.Reg.Number()), uint32(v.Off)}, true
}

// Bits is the set of regions that v may point into.
func (v Value) Bits() Bits {
	switch v.Kind {
	case Unknown:
		return Bits(v.Off)
	case Address, Within, Page:
		return v.Reg.Bit()
	case LowByte, LowWord:
		if v.Reg != 0 {
			return v.Reg.Bit()
		}
	}
	return 0
}

// Join is what is known where v and w may each be there.
func Join(v, w Value) Value {
	switch {
	case v == w:
		return v
	case v.Pointer() && w.Pointer() && v.Reg == w.Reg:
		return Value{Kind: Within, Reg: v.Reg}
	case sharesLow(v, w, LowWord):
		return SetLow(high(v, w), Number(v.Off), LowWord)
	case sharesLow(v, w, LowByte) && (v.Kind != Constant || w.Kind != Constant):
		return SetLow(high(v, w), Number(v.Off), LowByte)
	case v.Vague() || w.Vague():
		return Anything(v.Bits() | w.Bits())
	}
	return Runtime(v.Bits() | w.Bits())
}

// sharesLow reports whether two numbers have the same lowest byte or word.
func sharesLow(v, w Value, k Kind) bool {
	mask := int64(0xff)
	if k == LowWord {
		mask = 1<<32 - 1
	}
	holds := func(v Value) bool {
		return v.Kind == Constant || v.Kind == LowWord || v.Kind == LowByte && k == LowByte
	}
	return holds(v) && holds(w) && (v.Off^w.Off)&mask == 0
}

// high is a value whose high bytes may point into what those of v and w may.
func high(v, w Value) Value {
	switch {
	case v.Bits() == 0:
		return w
	case w.Bits() == 0 || v.Reg == w.Reg:
		return v
	}
	return Anything(v.Bits() | w.Bits())
}

// Mix is the outcome of some arithmetic on v and w.
func Mix(v, w Value) Value {
	b := v.Bits() | w.Bits()
	if v.Vague() || w.Vague() || v.Kind != Unknown && w.Kind != Unknown {
		return Anything(b)
	}
	return Runtime(b)
}

// Add is v + n.
func Add(v Value, n int64) Value {
	switch v.Kind {
	case Constant, Address:
		v.Off += n
		return v
	case Verdict, LowByte, LowWord, Page:
		if n != 0 {
			return Anything(v.Bits())
		}
	}
	return v
}

// Sum is v + w. An address plus a number is an address in the same region, as in C.
func Sum(v, w Value) Value {
	switch {
	case w.Kind == Constant:
		return Add(v, w.Off)
	case v.Kind == Constant:
		return Add(w, v.Off)
	case v.Pointer() && !w.Pointer() && w.Bits() == 0:
		return Value{Kind: Within, Reg: v.Reg}
	case w.Pointer() && !v.Pointer() && v.Bits() == 0:
		return Value{Kind: Within, Reg: w.Reg}
	}
	return Mix(v, w)
}

// Low adds the low part of the address of byte off of r to a page.
func Low(v Value, r Region, off int64) Value {
	if v.Kind == Page && v.Reg == r {
		return Value{Kind: Address, Reg: r, Off: off}
	}
	return Anything(v.Bits() | r.Bit())
}

// Insert is v with count bits from bit shift on replaced by those of n.
func Insert(v Value, n int64, shift, count int) Value {
	if v.Kind != Constant {
		if shift == 0 && count == 32 {
			return SetLow(v, Number(n), LowWord)
		}
		return Anything(v.Bits())
	}
	mask := (int64(1)<<uint(count) - 1) << uint(shift)
	return Number(v.Off&^mask | n<<uint(shift)&mask)
}

// SetLow is v with its lowest byte or word replaced by that of b.
func SetLow(v, b Value, k Kind) Value {
	switch {
	case b.Kind == Verdict && k == LowWord: // an int
		return b
	case b.Kind == Unknown && !b.Vague(): // so is what is stored of it
		return Runtime(v.Bits() | b.Bits())
	case b.Kind != Constant && b.Kind != k || v.Kind == Unknown && v.Off != 0:
		return Anything(v.Bits() | b.Bits())
	}
	n := Value{Kind: k, Off: b.Off & 0xff}
	if k == LowWord {
		n.Off = b.Off & (1<<32 - 1)
	}
	if v.Bits() != 0 {
		n.Reg = v.Reg
	}
	return n
}

// Extend is the lowest width bytes of v, extended with zeros or with their sign.
func Extend(v Value, width int, signed bool) Value {
	if width >= 8 {
		return v
	}
	if v.Kind == LowByte && width == 1 || v.Kind == LowWord && width <= 4 {
		v = Number(v.Off)
	}
	switch v.Kind {
	case Constant:
		shift := uint(64 - 8*width)
		if signed {
			return Number(v.Off << shift >> shift)
		}
		return Number(int64(uint64(v.Off) << shift >> shift))
	case Verdict: // an int
		if width == 4 {
			return v
		}
		return Runtime(0)
	case Unknown:
		return v
	}
	return Anything(v.Bits())
}
