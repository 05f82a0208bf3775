package initcode

import (
	"testing"

	"github.com/klplint/klplint/klp"
)

// program is x86_64 code that is put together by hand, over the symbols of snippets.
type program struct {
	code   []byte
	relocs []Reloc
}

// Places in the data of snippets, in objects of 256 bytes each.
const (
	patchAt    = 256
	fieldAt    = patchAt + 24
	variableAt = 1024
)

func (p *program) op(b ...byte) *program {
	p.code = append(p.code, b...)
	return p
}

// ref appends four bytes that a relocation fills.
func (p *program) ref(typ, sym uint32, addend int64) *program {
	p.relocs = append(p.relocs, rel(uint64(len(p.code)), typ, sym, addend))
	return p.op(0, 0, 0, 0)
}

// data appends a 32-bit displacement from the instruction, which ends rest bytes
// behind it, to a place in data.
func (p *program) data(at, rest int64) *program { return p.ref(rX86PC32, symData, at-4-rest) }

func (p *program) call(sym uint32) *program { return p.op(0xe8).ref(rX86PLT32, sym, -4) }

// enable passes the patch to klp_enable_patch().
func (p *program) enable() *program {
	return p.op(0x48, 0xc7, 0xc7).ref(rX8632S, symData, patchAt).call(symEnable)
}

// setField stores a byte in the patch's replace field.
func (p *program) setField(n byte) *program { return p.op(0xc6, 0x05).data(fieldAt, 1).op(n) }

// allocate leaves fresh zeroed memory in %rax.
func (p *program) allocate() *program { return p.op(0xbe, 0xc0, 0x0d, 0, 0).call(symAlloc) }

func (p *program) analyze() Result {
	return Analyze(newSnippet(p.op(0xc3).code, p.relocs...).input(klp.X86_64))
}

// TestNotProven: what code does that cannot be followed to its end, and that
// could make another value of replace than the one that was stored last.
func TestNotProven(t *testing.T) {
	for name, p := range map[string]*program{
		// The function may call back, and what it calls may store to the field.
		"a function of the module is given away": new(program).setField(1).
			op(0x48, 0xc7, 0xc7).ref(rX8632S, symCode, 0).call(symOther).enable(),
		// variable = 1; elsewhere(&variable); replace = variable
		"a variable is given away": new(program).op(0xc6, 0x05).data(variableAt, 1).op(1).
			op(0x48, 0xc7, 0xc7).ref(rX8632S, symData, variableAt).call(symOther).
			op(0x0f, 0xb6, 0x05).data(variableAt, 0).op(0x88, 0x05).data(fieldAt, 0).enable(),
		// memory[unknown] = 1; replace = memory[48], of an allocation
		"a byte somewhere in zeroed memory": new(program).allocate().op(0xc6, 0x04, 0x18, 1).
			op(0x0f, 0xb6, 0x48, 0x30).op(0x88, 0x0d).data(fieldAt, 0).enable(),
		// the low half of a variable is 1; replace = all of it
		"half of a variable": new(program).op(0xc7, 0x05).data(variableAt, 4).op(1, 0, 0, 0).
			op(0x48, 0x8b, 0x05).data(variableAt, 0).op(0x48, 0x89, 0x05).data(fieldAt, 0).enable(),
		// data[unknown] = 0
		"a byte somewhere in the data": new(program).setField(1).op(0xc6, 0x83).ref(rX8632S, symData, 0).op(0).enable(),
	} {
		if r := p.analyze(); r.Replace.Known || r.Replace.Static || len(r.Enables) != 1 || r.Enables[0].Arg != klp.ArgData {
			t.Errorf("%s: %+v, %+v", name, r.Replace, r.Enables)
		}
	}
	// The same without what spoils them.
	for name, p := range map[string]*program{
		"the field alone":     new(program).setField(1).enable(),
		"a call without ways": new(program).setField(1).op(0x31, 0xff).call(symOther).enable(),
		"a variable of its own": new(program).op(0xc6, 0x05).data(variableAt, 1).op(1).
			op(0x0f, 0xb6, 0x05).data(variableAt, 0).op(0x88, 0x05).data(fieldAt, 0).enable(),
	} {
		if r := p.analyze().Replace; !r.Known || r.Value != 1 || r.Width != 1 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestNotDecided: a store on one path is no proof that the code decides, where
// the other path may have stored anything.
func TestNotDecided(t *testing.T) {
	branch := func(other *program) *program {
		p := new(program).op(0x85, 0xdb) // test %ebx,%ebx
		store := new(program).setField(1)
		p.op(0x74, byte(len(store.code)+2)) // je
		add := func(q *program) {
			for _, r := range q.relocs {
				r.Offset += uint64(len(p.code))
				p.relocs = append(p.relocs, r)
			}
			p.op(q.code...)
		}
		add(store)
		p.op(0xeb, byte(len(other.code)))
		add(other)
		return p.enable()
	}
	somewhere := new(program).op(0xc6, 0x83).ref(rX8632S, symData, 0).op(0)
	if r := branch(somewhere).analyze().Replace; r.Known || r.Runtime || r.Static || r.Reason == "" {
		t.Errorf("a byte somewhere on the other path: %+v", r)
	}
	unknown := new(program).op(0x88, 0x1d).data(fieldAt, 0) // mov %bl,field: it may be 1 always
	if r := branch(unknown).analyze().Replace; r.Known || r.Runtime || r.Static || r.Reason == "" {
		t.Errorf("a byte that is not known on the other path: %+v", r)
	}
	if r := branch(new(program).setField(0)).analyze().Replace; !r.Runtime {
		t.Errorf("another value on the other path: %+v", r)
	}
	if r := branch(new(program).op(0x90)).analyze().Replace; !r.Runtime {
		t.Errorf("nothing on the other path: %+v", r)
	}
	if r := branch(new(program).setField(1)).analyze().Replace; !r.Known || r.Value != 1 {
		t.Errorf("the same on the other path: %+v", r)
	}
}

// TestRepeats: one patch that is passed twice, told from two that come from one place.
func TestRepeats(t *testing.T) {
	// p = allocate(); p->mod = &__this_module; klp_enable_patch(p)
	fresh := func(p *program) *program {
		return p.allocate().op(0x48, 0xc7, 0x00).ref(rX8632S, symModule, 0).op(0x48, 0x89, 0xc7).call(symEnable)
	}
	loop := func(body *program) *program {
		return body.op(0x85, 0xdb, 0x75, byte(-4-len(body.code))) // test %ebx,%ebx; jne to the start
	}
	// test %eax,%eax; jcc over a second call, or to one that is not reached otherwise
	after := func(jcc byte) *program { return new(program).enable().op(0x85, 0xc0, jcc, 12).enable() }
	before := func(jcc byte) *program { return new(program).enable().op(0x85, 0xc0, jcc, 1, 0xc3).enable() }
	for _, tc := range []struct {
		name string
		p    *program
		want bool
	}{
		{"once", new(program).enable(), false},
		{"twice", new(program).enable().enable(), true},
		{"twice, with an allocation between", new(program).enable().allocate().enable(), true},
		{"in a loop", loop(new(program).enable()), true},
		{"a fresh one in a loop", loop(fresh(new(program))), false},
		{"two fresh ones", fresh(fresh(new(program))), false},
		{"again unless it is 0", after(0x74), false},
		{"again if it is 0", after(0x75), true},
		{"again if it is below 0", after(0x79), false},
		{"again unless it is below 0", after(0x78), true},
		{"to where it is passed again, unless it is 0", before(0x75), false},
		{"to where it is passed again, if it is 0", before(0x74), true},
		{"to where it is passed again, if it is below 0", before(0x78), false},
		{"to where it is passed again, unless it is below 0", before(0x79), true},
	} {
		if r := tc.p.analyze(); !r.Decoded || r.Repeats != tc.want || r.Repeats != (r.RepeatsAt.Section != "") {
			t.Errorf("%s: repeats %v at %+v, %s", tc.name, r.Repeats, r.RepeatsAt, r.Reason)
		}
	}
}

// TestParameterInField: a parameter of any width that reaches into the eight
// bytes of the field decides it; its neighbours do not.
func TestParameterInField(t *testing.T) {
	for at, want := range map[int64]bool{fieldAt - 1: false, fieldAt: true, fieldAt + 4: true, fieldAt + 7: true, fieldAt + 8: false} {
		p := new(program).enable().op(0xc3)
		s := newSnippet(p.code, p.relocs...)
		s.params = []Reloc{rel(16, rX86_64, symOther, 0), rel(32, rX86_64, symData, at)}
		if r := Analyze(s.input(klp.X86_64)).Replace; r.Runtime != want || r.Static == want {
			t.Errorf("at %+d of the field: %+v", at-fieldAt, r)
		}
	}
}

// TestZeroedOnce: memory that a place returns is zeroed only where all of its
// calls ask for it.
func TestZeroedOnce(t *testing.T) {
	for flags, known := range map[byte]bool{0x0d: true, 0x0c: false} { // GFP_KERNEL is 0xcc0, with __GFP_ZERO 0xdc0
		p := new(program).op(0xbe, 0xc0, 0x0d, 0, 0) // mov $0xdc0,%esi
		start := len(p.code)
		p.call(symAlloc).op(0x48, 0xc7, 0x00).ref(rX8632S, symModule, 0).op(0x48, 0x89, 0xc7).call(symEnable)
		p.op(0xbe, 0xc0, flags, 0, 0, 0x85, 0xdb) // mov $flags,%esi; test %ebx,%ebx
		p.op(0x75, byte(start-len(p.code)-2))     // jne to the call
		if r := p.analyze().Replace; r.Known != known || r.Static || known && (r.Value != 0 || r.Width != 0) {
			t.Errorf("%#xc0: %+v", flags, r)
		}
	}
}

// TestPointerInMemory: a patch whose address stands in memory of which a byte
// somewhere was overwritten can be reached through whatever is read there.
func TestPointerInMemory(t *testing.T) {
	build := func(spoil ...byte) *program {
		p := new(program).allocate()
		p.op(0x49, 0x89, 0xc4) // mov %rax,%r12: the patch
		p.op(0x48, 0xc7, 0x00).ref(rX8632S, symModule, 0)
		p.allocate().op(0x4c, 0x89, 0x60, 0x08) // mov %r12,8(%rax)
		p.op(spoil...)
		p.op(0x48, 0x8b, 0x48, 0x08, 0xc6, 0x41, 0x18, 0x01) // mov 8(%rax),%rcx; movb $1,24(%rcx)
		return p.op(0x4c, 0x89, 0xe7).call(symEnable)        // mov %r12,%rdi
	}
	if r := build().analyze().Replace; !r.Known || r.Value != 1 {
		t.Errorf("through memory that is known: %+v", r)
	}
	if r := build(0xc6, 0x04, 0x18, 1).analyze().Replace; r.Known || r.Static { // movb $1,(%rax,%rbx)
		t.Errorf("through memory that may have changed: %+v", r)
	}
}
