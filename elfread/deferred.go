package elfread

import (
	"cmp"
	"debug/elf"
	"slices"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	branch "github.com/klplint/klplint/elfread/internal/initcode/x86"
	"github.com/klplint/klplint/klp"
)

// taking is a place where the address of a function of the module is taken: in an
// instruction, or in data.
type taking struct {
	at place
	y  symPlace
}

// readDeferred finds the functions of the module that go into objects by which the
// kernel calls them later, among those whose address is taken, which come by section
// and offset.
func (p *parser) readDeferred(takings []taking) error {
	slices.SortFunc(takings, func(a, b taking) int { return comparePlaces(a.at, b.at) })
	left := maxFollowedCode
	for len(takings) > 0 && len(p.m.Deferred) < maxListed {
		first := takings[0]
		n := 1
		if !p.flag(first.at.Section, elf.SHF_EXECINSTR) {
			if err := p.deferredInData(first); err != nil {
				return err
			}
		} else if y, ok := p.syms.covering(first.at, elf.STT_FUNC); ok {
			for n < len(takings) && takings[n].at.Section == first.at.Section && takings[n].at.Offset-y.value < y.size {
				n++
			}
			if err := p.deferredIn(y, takings[:n], &left); err != nil {
				return err
			}
		}
		takings = takings[n:]
	}
	return nil
}

func (p *parser) deferred(kind klp.DeferKind, by string, at place, y symPlace) {
	d := klp.Deferral{Kind: kind, By: by, At: p.locate(at), Func: p.symName(y.index)}
	if len(p.m.Deferred) < maxListed && !slices.Contains(p.m.Deferred, d) {
		p.m.Deferred = append(p.m.Deferred, d)
	}
}

// timerEntry stands in the list of a timer that was never started
// (include/linux/poison.h: TIMER_ENTRY_STATIC).
const timerEntry = 0xdead000000000300

// deferredInData looks at what stands in front of a function's address in writable
// data, as DEFINE_TIMER, DECLARE_WORK and DECLARE_TASKLET make it: the entry of a list,
// with a number of its own in a timer, with the address of itself twice in works; a
// tasklet's flag that the function takes the tasklet.
func (p *parser) deferredInData(t taking) error {
	const timerFunction, tasklet, list = 24, 24, 16
	if !p.flag(t.at.Section, elf.SHF_WRITE) {
		return nil
	}
	before := func(n uint64) place { return placeAt(t.at.Section, t.at.Offset-n) }
	word := func(n uint64) (v uint64, ok bool) {
		if t.at.Offset < n {
			return 0, false
		}
		b, ok := p.bytesAt(before(n), 8)
		if !ok {
			return 0, false
		}
		return p.f.Uint64(b), true
	}
	if v, ok := word(timerFunction); ok && v == timerEntry && p.arms(klp.DeferTimer) {
		p.deferred(klp.DeferTimer, "", t.at, t.y)
		return nil
	}
	works := p.arms(klp.DeferWork) || p.arms(klp.DeferKthreadWork)
	if t.at.Offset >= list && works {
		rs, err := p.relocsIn(t.at.Section, t.at.Offset-list, t.at.Offset)
		if err != nil {
			return err
		}
		itself := 0
		for _, r := range rs {
			if to, ok := p.reaches(r); ok && to == before(list) && (r.Offset-t.at.Offset)%8 == 0 {
				itself++
			}
		}
		if itself == 2 {
			kind := klp.DeferWork
			if !p.arms(kind) {
				kind = klp.DeferKthreadWork
			}
			p.deferred(kind, "", t.at, t.y)
			return nil
		}
	}
	const takesTasklet = 1 << 32 // use_callback, behind the count
	next, ok := word(tasklet)
	state, _ := word(16)
	if flags, _ := word(8); ok && next == 0 && state == 0 && flags&^1 == takesTasklet && p.arms(klp.DeferTasklet) {
		p.deferred(klp.DeferTasklet, "", t.at, t.y)
	}
	return nil
}

// deferredIn looks at where the addresses go that the code of one function takes.
// Where it cannot be followed, one goes to a call of the function that is given such
// addresses, or into memory if the function makes anything pending.
func (p *parser) deferredIn(f symPlace, takings []taking, left *int) error {
	section := int(f.section)
	rs, err := p.allRelocsOf(section)
	if err != nil {
		return err
	}
	rs = rs[search(rs, f.value):]
	n, _ := slices.BinarySearchFunc(rs, f.size, func(r ir.Reloc, size uint64) int { return cmp.Compare(r.Offset-f.value, size) })
	rs = rs[:n]
	if err := p.spend(section, len(rs)); err != nil {
		return err
	}
	known := make([]bool, len(takings)) // where it goes
	if code := p.codeAt(placeAt(section, f.value), f.size); p.m.Arch == klp.X86_64 && len(code) <= *left {
		*left -= len(code)
		p.followDeferred(takings, known, code, f, rs)
	}
	for i, t := range takings {
		if !known[i] {
			p.deferredNear(t, section, rs)
		}
	}
	return nil
}

// followDeferred follows the code of a function; known is set for each address that
// was seen to go anywhere.
func (p *parser) followDeferred(takings []taking, known []bool, code []byte, f symPlace, rs []ir.Reloc) {
	section := int(f.section)
	w := branch.Follower{
		Address: func(r ir.Reloc) uint32 { // 1 + the index of the taking
			i, ok := slices.BinarySearchFunc(takings, r.Offset, func(t taking, off uint64) int { return cmp.Compare(t.at.Offset, off) })
			if !ok {
				return 0
			}
			return uint32(i + 1)
		},
		Loaded:  func(uint32, int64) uint32 { return 0 },
		Content: func(ir.Reloc) uint32 { return 0 },
		Name:    func(r ir.Reloc) string { return p.symName(r.Sym) },
		Leads:   func(uint64) {},
		Called:  func(_ uint64, address uint32) { known[address-1] = true },
	}
	w.Passed = func(to ir.Reloc, parameters [6]uint32) {
		d, name := p.deferrerOf(to.Sym)
		for _, address := range parameters {
			if address == 0 || name == "" { // none, or to a function of the module
				continue
			}
			known[address-1] = true
			if d.takes {
				p.deferred(d.kind, name, placeAt(section, to.Offset), takings[address-1].y)
			}
		}
	}
	w.Stored = func(at uint64, address uint32) {
		known[address-1] = true
		p.deferred("", "", placeAt(section, at), takings[address-1].y)
	}
	w.Function(code, f.value, rs)
}

// deferredNear takes up an address of which nothing else is known than which calls the
// same function has.
func (p *parser) deferredNear(t taking, section int, rs []ir.Reloc) {
	arms := false
	for _, r := range rs {
		d, name := p.deferrerOf(r.Sym)
		if d.kind == "" || !p.branch(section, r) {
			continue
		}
		if d.takes {
			p.deferred(d.kind, name, placeAt(section, r.Offset), t.y)
			return
		}
		arms = arms || d.arms
	}
	if arms {
		p.deferred("", "", t.at, t.y)
	}
}
