package elfread

import (
	"cmp"
	"debug/elf"
	"math/bits"
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
// Those that cannot be followed go to a call of the function that is given such
// addresses, where no other is known to.
func (p *parser) deferredIn(f symPlace, takings []taking, left *int) error {
	rs, err := p.allRelocsOf(int(f.section))
	if err != nil {
		return err
	}
	rs = rs[search(rs, f.value):]
	n, _ := slices.BinarySearchFunc(rs, f.size, func(r ir.Reloc, size uint64) int { return cmp.Compare(r.Offset-f.value, size) })
	rs = rs[:n]
	if err := p.spend(int(f.section), len(rs)); err != nil {
		return err
	}
	a := addresses{p: p, section: int(f.section), takings: takings, known: make([]bool, len(takings))}
	if code := p.codeAt(placeAt(a.section, f.value), f.size); p.m.Arch == klp.X86_64 && len(code) <= *left {
		*left -= len(code)
		a.follow(code, f.value, rs)
	}
	for i, t := range takings {
		if !a.known[i] {
			a.near(t, rs)
		}
	}
	return nil
}

// addresses are those of the module's functions that the code of one function takes.
type addresses struct {
	p       *parser
	section int
	takings []taking
	known   []bool   // of each: where it goes
	given   []uint64 // the relocations of the calls whose function is known
	writes  []written
	objects []written // what is written, or passed, beside them and tells what they are
}

// written is an address in memory; of an object the kind, and where in it the function
// stands that the kernel will call.
type written struct {
	at    uint64 // the instruction
	index uint32 // of the taking
	kind  klp.DeferKind
	to    branch.Where
}

// follow follows the code of the function.
func (a *addresses) follow(code []byte, from uint64, rs []ir.Reloc) {
	w := branch.Follower{
		Address: func(r ir.Reloc) uint32 { // 1 + the index of the taking
			i, ok := slices.BinarySearchFunc(a.takings, r.Offset, func(t taking, off uint64) int { return cmp.Compare(t.at.Offset, off) })
			if !ok {
				if _, name := a.p.deferrerOf(r.Sym); name != "" {
					return foreign
				}
				return 0
			}
			return uint32(i + 1)
		},
		Number: func(n int64) uint32 {
			if noPool(uint64(n)) {
				return newWork
			}
			return 0
		},
		Loaded:  func(uint32, int64) uint32 { return 0 },
		Content: func(ir.Reloc) uint32 { return 0 },
		Name:    func(r ir.Reloc) string { return a.p.symName(r.Sym) },
		Leads:   func(uint64) {},
		Called: func(_ uint64, address uint32) {
			if address < foreign {
				a.known[address-1] = true
			}
		},
		Passed: a.passed,
		Stored: a.store,
	}
	w.Function(code, from, rs)
	for _, s := range a.writes {
		if i := slices.IndexFunc(a.objects, func(o written) bool { return o.to == s.to }); i >= 0 && a.p.arms(a.objects[i].kind) {
			a.p.deferred(a.objects[i].kind, "", placeAt(a.section, s.at), a.takings[s.index].y)
		}
	}
}

// Numbers beside those of takings: of the constant that INIT_WORK writes, and of
// addresses outside the module.
const (
	newWork = 1<<32 - 1
	foreign = newWork - 1
)

// workFunction is how far behind that constant the function stands in struct
// work_struct, in bytes.
const workFunction = 24

// noPool reports whether a number is WORK_STRUCT_NO_POOL: 31 bits, and below them
// flags whose number differs from release to release (include/linux/workqueue.h).
func noPool(n uint64) bool {
	low := bits.TrailingZeros64(n)
	return low >= 4 && low <= 32 && n>>low == 1<<31-1
}

func (a *addresses) passed(to ir.Reloc, parameters [6]uint32, first branch.Where) {
	d, name := a.p.deferrerOf(to.Sym)
	if d.function > 0 {
		first.Disp += d.function
		a.objects = append(a.objects, written{kind: d.kind, to: first})
	}
	for _, address := range parameters {
		if address == 0 || address == newWork || name == "" { // none, or to a function of the module
			continue
		}
		if d.takes {
			a.given = append(a.given, to.Offset)
		}
		if address == foreign {
			continue
		}
		a.known[address-1] = true
		if d.takes {
			a.p.deferred(d.kind, name, placeAt(a.section, to.Offset), a.takings[address-1].y)
		}
	}
}

func (a *addresses) store(at uint64, address uint32, to branch.Where) {
	switch {
	case address < foreign:
		a.known[address-1] = true
		a.writes = append(a.writes, written{at: at, index: address - 1, to: to})
	case address == newWork && to != branch.Where{}:
		to.Disp += workFunction
		a.objects = append(a.objects, written{kind: klp.DeferWork, to: to})
	}
}

// near takes up an address of which nothing else is known than which calls come behind
// it in the same function.
func (a *addresses) near(t taking, rs []ir.Reloc) {
	for _, r := range rs {
		d, name := a.p.deferrerOf(r.Sym)
		if d.takes && r.Offset > t.at.Offset && a.p.branch(a.section, r) && !slices.Contains(a.given, r.Offset) {
			a.p.deferred(d.kind, name, placeAt(a.section, r.Offset), t.y)
			return
		}
	}
}
