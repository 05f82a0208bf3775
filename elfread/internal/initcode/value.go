package initcode

// kind tells how much is known of a value.
type kind uint8

const (
	// unknown may be anything, among it an address inside any region of the
	// set in off (see bits), and inside no region that is not in the set. Its reg is
	// decided when the value is known to differ from run to run or from path to
	// path, 0 when it may as well be a constant that was not understood.
	unknown kind = iota
	// constant is the number off.
	constant
	// address is byte off of region.
	address
	// within is an address somewhere in region.
	within
	// verdict is what klp_enable_patch() returned for the patch at byte off of region.
	verdict
	// lowByte has the number off in its lowest byte; the others are of an address in
	// reg, or of no address when reg is 0.
	lowByte
	// lowWord is the same for the lowest four bytes.
	lowWord
	// page is the high part of an address in reg, to which an instruction
	// relocated against the same region adds the low part.
	page
	// back is where the function that is off-th in the chain of calls returns to.
	back
)

// region names memory that code can address: the stack of init and all that it
// calls, a section, an undefined symbol, or what an allocation returned.
type region uint32

const (
	stack        region = 1
	sectionBase  region = 1 << 28
	externBase   region = 2 << 28
	allocBase    region = 3 << 28
	regionNumber region = 1<<28 - 1
)

func (r region) isSection() bool { return r&^regionNumber == sectionBase }
func (r region) isExtern() bool  { return r&^regionNumber == externBase }
func (r region) isAlloc() bool   { return r&^regionNumber == allocBase }

// number is the section index, symbol index or allocation number.
func (r region) number() int { return int(r & regionNumber) }

// bits is a set of regions, for unknown values: which of them it may point into.
// Sections share 31 bits by their index, allocations beyond the thirty-first share the
// last: the set may then hold more than was put in, never less. Memory outside the
// module is in none.
type bits uint64

const (
	stackBit   bits = 1 << 0
	sections        = 31
	allocated       = 1 + sections
	staticBits      = (bits(1)<<allocated - 1) &^ stackBit
	allBits         = ^bits(0)
)

func (r region) bit() bits {
	switch {
	case r == stack:
		return stackBit
	case r.isSection():
		return 2 << (r.number() % sections)
	case r.isAlloc():
		return 1 << min(allocated+r.number(), 63)
	}
	return 0
}

// value is what is known of the content of a register or of memory.
type value struct {
	kind kind
	reg  region
	off  int64 // see kind
}

// decided marks unknown values that are decided at run time.
const decided region = 1

func anything(b bits) value   { return value{off: int64(b)} }
func runtime(b bits) value    { return value{reg: decided, off: int64(b)} }
func number(n int64) value    { return value{kind: constant, off: n} }
func isNumber(v value) bool   { return v.kind == constant }
func (v value) isZero() bool  { return v.kind == constant && v.off == 0 }
func (v value) exact() bool   { return v.kind == address }
func (v value) vague() bool   { return v.kind == unknown && v.reg != decided }
func (v value) pointer() bool { return v.kind == address || v.kind == within }

// bits is the set of regions that v may point into.
func (v value) bits() bits {
	switch v.kind {
	case unknown:
		return bits(v.off)
	case address, within, page:
		return v.reg.bit()
	case lowByte, lowWord:
		if v.reg != 0 {
			return v.reg.bit()
		}
	}
	return 0
}

// join is what is known where v and w may each be there.
func join(v, w value) value {
	switch {
	case v == w:
		return v
	case v.pointer() && w.pointer() && v.reg == w.reg:
		return value{kind: within, reg: v.reg}
	case sharesLow(v, w, lowWord):
		return setLow(high(v, w), number(v.off), lowWord)
	case sharesLow(v, w, lowByte) && (v.kind != constant || w.kind != constant):
		return setLow(high(v, w), number(v.off), lowByte)
	case v.vague() || w.vague():
		return anything(v.bits() | w.bits())
	}
	return runtime(v.bits() | w.bits())
}

// sharesLow reports whether two numbers have the same lowest byte or word.
func sharesLow(v, w value, k kind) bool {
	mask := int64(0xff)
	if k == lowWord {
		mask = 1<<32 - 1
	}
	holds := func(v value) bool {
		return v.kind == constant || v.kind == lowWord || v.kind == lowByte && k == lowByte
	}
	return holds(v) && holds(w) && (v.off^w.off)&mask == 0
}

// high is a value whose high bytes may point into what those of v and w may.
func high(v, w value) value {
	switch {
	case v.bits() == 0:
		return w
	case w.bits() == 0 || v.reg == w.reg:
		return v
	}
	return anything(v.bits() | w.bits())
}

// mix is the outcome of some arithmetic on v and w.
func mix(v, w value) value {
	b := v.bits() | w.bits()
	if v.vague() || w.vague() || v.kind != unknown && w.kind != unknown {
		return anything(b)
	}
	return runtime(b)
}

// add is v + n.
func add(v value, n int64) value {
	switch v.kind {
	case constant, address:
		v.off += n
		return v
	case verdict, lowByte, lowWord, page:
		if n != 0 {
			return anything(v.bits())
		}
	}
	return v
}

// sum is v + w. An address plus a number is an address in the same region, as in C.
func sum(v, w value) value {
	switch {
	case w.kind == constant:
		return add(v, w.off)
	case v.kind == constant:
		return add(w, v.off)
	case v.pointer() && !w.pointer() && w.bits() == 0:
		return value{kind: within, reg: v.reg}
	case w.pointer() && !v.pointer() && v.bits() == 0:
		return value{kind: within, reg: w.reg}
	}
	return mix(v, w)
}

// low adds the low part of the address of byte off of r to a page.
func low(v value, r region, off int64) value {
	if v.kind == page && v.reg == r {
		return value{kind: address, reg: r, off: off}
	}
	return anything(v.bits() | r.bit())
}

// insert is v with count bits from bit shift on replaced by those of n.
func insert(v value, n int64, shift, count int) value {
	if v.kind != constant {
		if shift == 0 && count == 32 {
			return setLow(v, number(n), lowWord)
		}
		return anything(v.bits())
	}
	mask := (int64(1)<<uint(count) - 1) << uint(shift)
	return number(v.off&^mask | n<<uint(shift)&mask)
}

// setLow is v with its lowest byte or word replaced by that of b.
func setLow(v, b value, k kind) value {
	switch {
	case b.kind == verdict && k == lowWord: // an int
		return b
	case b.kind == unknown && !b.vague(): // so is what is stored of it
		return runtime(v.bits() | b.bits())
	case b.kind != constant && b.kind != k || v.kind == unknown && v.off != 0:
		return anything(v.bits() | b.bits())
	}
	n := value{kind: k, off: b.off & 0xff}
	if k == lowWord {
		n.off = b.off & (1<<32 - 1)
	}
	if v.bits() != 0 {
		n.reg = v.reg
	}
	return n
}

// extend is the lowest width bytes of v, extended with zeros or with their sign.
func extend(v value, width int, signed bool) value {
	if width >= 8 {
		return v
	}
	if v.kind == lowByte && width == 1 || v.kind == lowWord && width <= 4 {
		v = number(v.off)
	}
	switch v.kind {
	case constant:
		shift := uint(64 - 8*width)
		if signed {
			return number(v.off << shift >> shift)
		}
		return number(int64(uint64(v.off) << shift >> shift))
	case verdict: // an int
		if width == 4 {
			return v
		}
		return runtime(0)
	case unknown:
		return v
	}
	return anything(v.bits())
}
