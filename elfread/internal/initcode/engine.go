package initcode

import (
	"fmt"
	"slices"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/elfread/internal/initcode/x86"
)

// Limits of one analysis. Init functions of real modules have 5 to 400
// instructions and take a few times as many steps.
const (
	maxSteps   = 1 << 16 // instructions executed, every visit counted
	maxLeaders = 1 << 10 // places where paths may meet
	maxSlab    = 1 << 13 // steps of decoded instructions kept
	maxExposed = 1 << 16 // places of data whose address left our sight
	maxDepth   = 6       // nested calls of the module's own functions
	maxAllocs  = 60      // places that allocate
	maxCalls   = 1024    // places that call klp_enable_patch() or klp_shadow_*()
	maxRuns    = 5       // repetitions until what was assumed holds
	maxInsns   = 1 << 12 // decoded instructions kept
	indexSize  = 1 << 12 // of the table that finds them
)

// alloc is a call that allocates. Calls of one allocating helper from different places
// are different ones.
type alloc struct {
	at   ir.PC
	path [maxDepth]ir.PC // the calls that led there
	zero bool            // what it returns is zeroed
}

// engine interprets the code of one module.
type engine struct {
	in      Input
	m       *ir.Machine
	decoder ir.Decoder // of the same architecture

	sections []sectionEntry
	insns    []decoded
	index    []uint16  // by hash of the place: where in insns it probably is
	slab     []ir.Step // steps of the instructions in insns
	x86      x86.Decoder
	leaders  int
	answers  []exposure // of isExposed
	pool     []*state

	allocs   []alloc
	exposed  []Place // static data whose address left our sight
	all      bool    // every static address did
	fromData int     // how many of exposed are of static data
	data     bool    // exposed holds what data refers to, too
	blinds   bool    // something may have written to exposed data
	again    bool    // an assumption of this run turned out to be wrong

	calls      []call
	ids        []shadowCall
	stack      []ir.PC         // functions being interpreted
	frames     [maxDepth]frame // of these functions
	sites      [maxDepth]ir.PC // the calls that led to them
	steps      int
	failed     bool
	reason     string
	vague      string // the first instruction whose effect is not known
	lenient    bool   // for shadow ids: calls are not followed
	repeatAt   ir.PC
	repeats    bool
	labels     []ir.PC // code that __jump_table refers to
	labelsRead bool
}

type sectionEntry struct {
	index int
	ok    bool
	sec   ir.Section
}

type decoded struct {
	at ir.PC
	in ir.Insn
}

// exposure is an answer of isExposed.
type exposure struct {
	reg ir.Region
	off int64
	yes bool
}

// section returns a section's content, nil where there is none.
func (e *engine) section(index int) *ir.Section {
	for i := range e.sections {
		if s := &e.sections[i]; s.index == index {
			if !s.ok {
				return nil
			}
			return &s.sec
		}
	}
	sec, ok := e.in.Source.Section(index)
	e.sections = append(e.sections, sectionEntry{index, ok, sec})
	if !ok {
		return nil
	}
	return &e.sections[len(e.sections)-1].sec
}

func (e *engine) symbol(index uint32) ir.Symbol {
	s, _ := e.in.Source.Symbol(index)
	return s
}

// Target implements ir.Resolver: it is the address that a relocation refers to.
func (e *engine) Target(sym uint32, addend int64) (ir.Value, bool) {
	s, ok := e.in.Source.Symbol(sym)
	switch {
	case !ok || sym > uint32(ir.RegionNumber):
		return ir.Value{}, false
	case s.Section > 0 && s.Section <= int(ir.RegionNumber):
		return ir.Value{Kind: ir.Address, Reg: ir.SectionBase | ir.Region(s.Section), Off: int64(s.Value) + addend}, true
	case s.Section == 0 && s.Name != "":
		return ir.Value{Kind: ir.Address, Reg: ir.ExternBase | ir.Region(sym), Off: addend}, true
	}
	return ir.Value{}, false
}

// fail ends a path that cannot be followed.
func (e *engine) fail(at ir.PC, format string, args ...any) {
	if !e.failed {
		e.failed = true
		e.reason = fmt.Sprintf(format, args...) + " at " + e.describe(at)
	}
}

func (e *engine) describe(at ir.PC) string {
	name := "code"
	if s := e.section(int(at.Section)); s != nil {
		name = s.Name
	}
	return fmt.Sprintf("%s+%#x", name, at.Offset)
}

func (e *engine) get() *state {
	if n := len(e.pool); n > 0 {
		s := e.pool[n-1]
		e.pool = e.pool[:n-1]
		return s
	}
	return new(state)
}

func (e *engine) put(s *state) { e.pool = append(e.pool, s) }

// decode returns the lowered instruction at a place. It is valid until the next call.
func (e *engine) decode(at ir.PC) *ir.Insn {
	slot := &e.index[(at.Offset^at.Section*0x9e37)%indexSize]
	if i := int(*slot); i < len(e.insns) && e.insns[i].at == at {
		return &e.insns[i].in
	}
	if len(e.slab) >= maxSlab || len(e.insns) == maxInsns {
		e.slab, e.insns = e.slab[:0], e.insns[:0]
	}
	*slot = uint16(len(e.insns))
	e.insns = append(e.insns, decoded{at: at})
	c := &e.insns[*slot]
	c.in.Slab, c.in.First = &e.slab, len(e.slab)
	c.in.Reset()
	sec := e.section(int(at.Section))
	if sec == nil || !sec.Exec || uint64(at.Offset) >= uint64(len(sec.Data)) {
		return &c.in
	}
	e.decoder.Decode(e, &c.in, sec, at)
	return &c.in
}

// expose notes that the address of static data left our sight.
func (e *engine) expose(v ir.Value) {
	if !v.Reg.IsSection() {
		return
	}
	sec := e.section(v.Reg.Number())
	if sec == nil || !sec.Write || sec.Exec {
		return
	}
	p := Place{Section: v.Reg.Number(), Offset: uint64(v.Off)}
	if v.Kind == ir.Within {
		p.Offset = ^uint64(0)
	}
	if slices.Contains(e.exposed[e.fromData:], p) {
		return
	}
	if len(e.exposed) >= maxExposed {
		e.all, e.again = true, e.again || e.blinds && !e.all
		return
	}
	e.exposed = append(e.exposed, p)
	e.answers = e.answers[:0]
	e.again = e.again || e.blinds
}

// readData takes the addresses that static data holds for exposed.
func (e *engine) readData() {
	e.blinds = true
	if e.data {
		return
	}
	e.data = true
	again := e.again
	for _, index := range e.in.Data {
		sec := e.section(index)
		if sec == nil || sec.Name == ".toc" { // what code loads from there is followed
			continue
		}
		for i := range sec.Relocs {
			e.fromData = len(e.exposed) // one more that need not be looked for twice
			if v, ok := e.Target(sec.Relocs[i].Sym, sec.Relocs[i].Addend); ok && !e.all {
				e.expose(v)
			}
		}
	}
	e.fromData = len(e.exposed)
	e.again = again
}

// isExposed reports whether the data object at a place of a section can be reached by
// an address that left our sight.
func (e *engine) isExposed(r ir.Region, off int64) bool {
	if e.all {
		return true
	}
	for _, a := range e.answers {
		if a.reg == r && a.off == off {
			return a.yes
		}
	}
	yes := e.findExposed(r.Number(), uint64(off))
	if len(e.answers) < maxCells {
		e.answers = append(e.answers, exposure{r, off, yes})
	}
	return yes
}

func (e *engine) findExposed(section int, off uint64) bool {
	lo, hi, ok := uint64(0), ^uint64(0), false
	for _, p := range e.exposed {
		if p.Section != section {
			continue
		}
		if !ok {
			if lo, hi, ok = e.in.Source.Object(Place{section, off}); !ok {
				return true
			}
		}
		if p.Offset == ^uint64(0) || p.Offset >= lo && p.Offset < hi {
			return true
		}
	}
	return false
}

// analyse interprets from a function's start until no run proves an assumption wrong.
func (e *engine) analyse(start ir.PC) {
	for range maxRuns {
		e.again, e.failed, e.reason, e.vague, e.repeats = false, false, "", "", false
		for i := range e.calls {
			e.calls[i].reached = false
		}
		entry := e.get()
		entry.reset()
		for i := range entry.regs {
			entry.regs[i] = ir.Anything(0)
		}
		entry.regs[e.m.SP] = ir.Value{Kind: ir.Address, Reg: ir.Stack}
		if e.m.Link != ir.NoReg {
			entry.regs[e.m.Link] = ir.Value{Kind: ir.ReturnAddress, Off: 1}
		}
		e.stack, e.sites = e.stack[:0], [maxDepth]ir.PC{}
		e.leaders = 0
		if exit := e.run(start, entry); exit != nil {
			e.put(exit)
		}
		e.put(entry)
		if !e.again {
			return
		}
	}
	e.fail(start, "the analysis does not converge")
}
