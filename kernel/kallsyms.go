package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// The kallsyms tables of a linked kernel (scripts/kallsyms.c: write_src). Names
// are packed: a length (one byte, or two when bit 7 of the first is set) and as
// many indices into 256 tokens; the first character of the unpacked name is
// nm's letter. The tables carry no header, so they are found by what they must
// contain and checked against each other:
//
//	token table   256 strings; digits always stand for themselves
//	token index   256 u16: where each token starts
//	markers       u32: where each 256th name starts
//	names, number of symbols
//	offsets       one i32 a symbol
//	relative base u64
//
// Up to 6.3 offsets and base stand before the number of symbols, since 6.4
// behind the token index; since 7.0 there is no base and an offset counts from
// its own place. Offsets below zero count down from base-1 where the kernel has
// absolute per-CPU symbols (x86 up to 6.14).
var errNoKallsyms = errors.New("no kallsyms tables")

// decodeKallsyms finds the tables in the image and unpacks them.
func decodeKallsyms(m *image) (*symbolTable, error) {
	for _, seg := range m.segments {
		for from := 0; ; {
			hit := bytes.Index(seg.data[from:], digitTokens)
			if hit < 0 {
				break
			}
			hit += from
			from = hit + len(digitTokens)
			if tokens, ok := findTokens(seg.data, hit, m.order); ok {
				k := &kallsyms{image: m, segment: seg, tokens: tokens}
				return k.decode()
			}
		}
	}
	return nil, errNoKallsyms
}

var digitTokens = []byte("0\x001\x002\x003\x004\x005\x006\x007\x008\x009\x00")

// tokenTable is the token table with its place in the segment.
type tokenTable struct {
	start, indexEnd int // byte offsets in the segment
	token           [256][]byte
}

// findTokens completes the token table around the ten digits, which begin at
// hit: '0' is the 48th token. Where the first token starts is settled by the
// index that follows the table.
func findTokens(data []byte, hit int, order binary.ByteOrder) (*tokenTable, bool) {
	// Walk back over 48 terminators; each token is shorter than a name.
	start, nuls := hit, 0
	for start > 0 && hit-start < 48*512 {
		if data[start-1] == 0 {
			if nuls++; nuls > 48 {
				break
			}
		}
		start--
	}
	for ; start < hit; start++ {
		if start%4 != 0 {
			continue
		}
		if t, ok := readTokens(data, start, order); ok && bytes.Equal(t.token['0'], []byte("0")) {
			return t, true
		}
	}
	return nil, false
}

func readTokens(data []byte, start int, order binary.ByteOrder) (*tokenTable, bool) {
	t := &tokenTable{start: start}
	var offsets [256]int
	at := start
	for i := range t.token {
		offsets[i] = at - start
		window := data[at:min(len(data), at+512)]
		end := bytes.IndexByte(window, 0)
		if end < 0 {
			return nil, false
		}
		t.token[i] = window[:end]
		at += end + 1
	}
	for _, align := range []int{8, 4} {
		index := (at + align - 1) &^ (align - 1)
		if index+512 > len(data) {
			continue
		}
		good := true
		for i := range offsets {
			if int(order.Uint16(data[index+2*i:])) != offsets[i] {
				good = false
				break
			}
		}
		if good {
			t.indexEnd = index + 512
			return t, true
		}
	}
	return nil, false
}

// kallsyms is one decoding.
type kallsyms struct {
	image   *image
	segment segment
	tokens  *tokenTable

	count    int // number of symbols
	countAt  int // byte offset of that number in the segment
	names    int // byte offset of the names
	namesEnd int
}

// maxKallsymsNames bounds the distance from the names to the token table.
const maxKallsymsNames = 32 << 20

func (k *kallsyms) decode() (*symbolTable, error) {
	if !k.findNames() {
		return nil, fmt.Errorf("%w: a token table at %#x, but no names before it", errNoKallsyms, k.segment.addr+uint64(k.tokens.start))
	}
	t := &symbolTable{
		names: make([]byte, 0, 24*k.count),
		ends:  make([]uint32, 0, k.count),
		addrs: make([]uint64, 0, k.count),
		kinds: make([]byte, 0, k.count),
	}
	addrs, err := k.addresses()
	if err != nil {
		return nil, err
	}
	var buf []byte
	at := k.names
	for i := range k.count {
		packed, next := k.packed(at)
		buf = k.expand(buf[:0], packed)
		if len(buf) < 2 || !t.add(buf[1:], addrs[i], buf[0]) {
			return nil, fmt.Errorf("kallsyms name %d at %#x: bad length", i, k.segment.addr+uint64(at))
		}
		at = next
	}
	return t, nil
}

// packed returns the token indices of the name at the offset, and the offset of
// the next name; next is 0 when the bytes are no name.
func (k *kallsyms) packed(at int) (tokens []byte, next int) {
	data := k.segment.data[:k.tokens.start]
	if at >= len(data) {
		return nil, 0
	}
	n := int(data[at])
	at++
	if n&0x80 != 0 {
		// Names of more than 127 tokens, since 6.1.
		if at >= len(data) {
			return nil, 0
		}
		n = n&0x7f | int(data[at])<<7
		at++
	}
	if n == 0 || n > 1024 || at+n > len(data) {
		return nil, 0
	}
	return data[at : at+n], at + n
}

// expand unpacks a name; one that grows beyond any symbol comes back empty.
func (k *kallsyms) expand(buf, packed []byte) []byte {
	for _, c := range packed {
		if len(buf) > 1024 {
			return buf[:0]
		}
		buf = append(buf, k.tokens.token[c]...)
	}
	return buf
}

// findNames looks for the number of symbols: a u32 that is followed by as many
// names, and these by a table of markers that agrees with them.
func (k *kallsyms) findNames() bool {
	data, order := k.segment.data, k.image.order
	low := max(0, k.tokens.start-maxKallsymsNames)
	low = (low + 3) &^ 3
	// From the nearest to the farthest: a false start fails within a few names.
	budget := 4*(k.tokens.start-low) + 1<<16 // bytes of names that false starts may cost
	for at := (k.tokens.start - 8) &^ 3; at >= low; at -= 4 {
		count := order.Uint32(data[at:])
		if count < 16 || count > maxSymbols || int(count) > (k.tokens.start-at)/2 {
			continue
		}
		starts := []int{(at + 4 + 7) &^ 7, at + 4}
		for i, names := range starts {
			if i == 1 && names == starts[0] {
				continue
			}
			if k.tryNames(at, names, int(count), &budget) {
				return true
			}
		}
		if budget < 0 {
			return false
		}
	}
	return false
}

func (k *kallsyms) tryNames(countAt, names, count int, budget *int) bool {
	data := k.segment.data
	at := names
	marks := make([]uint32, 0, 64)
	for i := range count {
		if i&0xff == 0 {
			marks = append(marks, uint32(at-names))
		}
		packed, next := k.packed(at)
		if next == 0 {
			*budget -= at - names
			return false
		}
		// The first token begins with nm's letter.
		if first := k.tokens.token[packed[0]]; len(first) == 0 || !isKind(first[0]) {
			*budget -= at - names
			return false
		}
		at = next
	}
	for _, align := range []int{8, 4} {
		markers := (at + align - 1) &^ (align - 1)
		if markers+4*len(marks) > k.tokens.start {
			continue
		}
		good := true
		for i, mark := range marks {
			if k.image.order.Uint32(data[markers+4*i:]) != mark {
				good = false
				break
			}
		}
		if good {
			k.count, k.countAt, k.names, k.namesEnd = count, countAt, names, at
			return true
		}
	}
	*budget -= at - names
	return false
}

func isKind(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '?' || c == '-'
}

// addresses tries the layouts of the releases; the true one is that in which
// the addresses rise and the base lies in the image.
func (k *kallsyms) addresses() ([]uint64, error) {
	data, order := k.segment.data, k.image.order
	width := 4 * k.count
	align8 := func(n int) int { return (n + 7) &^ 7 }

	// 6.4 to 6.19: offsets and base behind the token index.
	behind := k.tokens.indexEnd
	if base := align8(behind + width); base+8 <= len(data) {
		if a := k.relative(behind, order.Uint64(data[base:])); a != nil {
			return a, nil
		}
	}
	// Up to 6.3: offsets and base before the number of symbols.
	if base := k.countAt - 8; base%8 == 0 {
		if offsets := base - align8(width); offsets >= 0 {
			if a := k.relative(offsets, order.Uint64(data[base:])); a != nil {
				return a, nil
			}
		}
	}
	// 7.0 and later: each offset counts from its own place.
	if behind+width <= len(data) {
		addrs := make([]uint64, k.count)
		for i := range addrs {
			place := behind + 4*i
			addrs[i] = k.segment.addr + uint64(place) + uint64(int64(int32(order.Uint32(data[place:]))))
		}
		if rising(addrs) && k.plausible(addrs) {
			return addrs, nil
		}
	}
	return nil, fmt.Errorf("kallsyms tables at %#x: the offsets fit no known layout", k.segment.addr+uint64(k.countAt))
}

// relative decodes offsets that count from a base.
func (k *kallsyms) relative(at int, base uint64) []uint64 {
	data, order := k.segment.data, k.image.order
	if at < 0 || at+4*k.count > len(data) || !k.plausibleBase(base) {
		return nil
	}
	addrs := make([]uint64, k.count)
	below := false
	for i := range addrs {
		off := order.Uint32(data[at+4*i:])
		below = below || int32(off) < 0
		addrs[i] = base + uint64(off)
	}
	if rising(addrs) {
		return addrs
	}
	if !below {
		return nil
	}
	for i := range addrs {
		off := int32(order.Uint32(data[at+4*i:]))
		if off >= 0 {
			addrs[i] = uint64(off) // absolute, or an offset into the per-CPU area
		} else {
			addrs[i] = base - 1 - uint64(int64(off))
		}
	}
	if rising(addrs) {
		return addrs
	}
	return nil
}

// plausibleBase: the base is the lowest address of a symbol. A flat image does
// not know its own link address, but every kernel lives in the upper half.
func (k *kallsyms) plausibleBase(base uint64) bool {
	if k.image.flat {
		return base == 0 || base>>63 == 1 && base&0xfff == 0
	}
	for _, s := range k.image.segments {
		if base >= s.addr && base-s.addr <= uint64(len(s.data)) {
			return true
		}
	}
	return false
}

// plausible: most of the symbols lie in the image.
func (k *kallsyms) plausible(addrs []uint64) bool {
	inside := 0
	for _, a := range addrs {
		for _, s := range k.image.segments {
			if a >= s.addr && a-s.addr <= uint64(len(s.data)) {
				inside++
				break
			}
		}
	}
	return inside > len(addrs)/2
}

func rising(addrs []uint64) bool {
	for i := 1; i < len(addrs); i++ {
		if addrs[i] < addrs[i-1] {
			return false
		}
	}
	return true
}
