package initcode

import (
	"testing"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/klp"
)

// program is x86_64 code that is put together by hand, over the symbols of snippets.
type program struct {
	code   []byte
	relocs []ir.Reloc
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

// then appends another program.
func (p *program) then(q *program) *program {
	for _, r := range q.relocs {
		r.Offset += uint64(len(p.code))
		p.relocs = append(p.relocs, r)
	}
	return p.op(q.code...)
}

// either goes through one of two programs.
func (p *program) either(a, b *program) *program {
	p.op(0x85, 0xdb).op(0x74, byte(len(a.code)+2)).then(a) // test %ebx,%ebx; je
	return p.op(0xeb, byte(len(b.code))).then(b)
}

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
		return new(program).either(new(program).setField(1), other).enable()
	}
	somewhere := new(program).op(0xc6, 0x83).ref(rX8632S, symData, 0).op(0)
	if r := branch(somewhere).analyze().Replace; r.Known || r.Runtime || r.Static || r.Reason == "" {
		t.Errorf("a byte somewhere on the other path: %+v", r)
	}
	unknown := new(program).op(0x88, 0x1d).data(fieldAt, 0) // mov %bl,field: it may be 1 always
	if r := branch(unknown).analyze().Replace; r.Known || r.Runtime || r.Static || r.Reason == "" {
		t.Errorf("a byte that is not known on the other path: %+v", r)
	}
	part := new(program).op(0xb0, 1).op(0x48, 0x89, 0x05).data(fieldAt, 0).enable() // mov $1,%al; mov %rax,field
	if r := part.analyze().Replace; r.Known || r.Runtime || r.Static || r.Reason == "" {
		t.Errorf("seven bytes that are not known: %+v", r)
	}
	given := new(program).either( // variable = 1, or elsewhere(&variable); replace = variable
		new(program).op(0xc6, 0x05).data(variableAt, 1).op(1),
		new(program).op(0x48, 0xc7, 0xc7).ref(rX8632S, symData, variableAt).call(symOther)).
		op(0x0f, 0xb6, 0x05).data(variableAt, 0).op(0x88, 0x05).data(fieldAt, 0).enable()
	if r := given.analyze().Replace; r.Known || r.Runtime || r.Static || r.Reason == "" {
		t.Errorf("a variable that is given away on the other path: %+v", r)
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

// TestStoredOnOnePath: a store that may leave what was there is no proof that the code
// decides; that an allocation was zeroed is known, what a variable held before
// init is not.
func TestStoredOnOnePath(t *testing.T) {
	nothing := new(program).op(0x90)
	field := func(n byte) *program { return new(program).op(0x41, 0xc6, 0x44, 0x24, 0x18, n) } // movb $n,24(%r12)
	// p = allocate(); p->mod = &__this_module; kept in %r12
	allocated := func(flags byte) *program {
		return new(program).op(0xbe, 0xc0, flags, 0, 0).call(symAlloc).op(0x49, 0x89, 0xc4).op(0x48, 0xc7, 0x00).ref(rX8632S, symModule, 0)
	}
	const zeroed, garbage = 0x0d, 0x0c
	pass := func() *program { return new(program).op(0x4c, 0x89, 0xe7).call(symEnable) } // mov %r12,%rdi
	for _, tc := range []struct {
		name string
		p    *program
		want string
	}{
		{"0 in zeroed memory", allocated(zeroed).either(field(0), nothing).then(pass()), "1 byte 0x0"},
		{"0 in zeroed memory, on the other path", allocated(zeroed).either(nothing, field(0)).then(pass()), "1 byte 0x0"},
		{"0 in zeroed memory, and two calls", allocated(zeroed).either(field(0).then(pass()), pass()), "1 byte 0x0"},
		{"0 in zeroed memory, and the other call first", allocated(zeroed).either(pass(), field(0).then(pass())), "1 byte 0x0"},
		{"1 in zeroed memory", allocated(zeroed).either(field(1), nothing).then(pass()), "runtime"},
		{"1 in zeroed memory, and two calls", allocated(zeroed).either(field(1).then(pass()), pass()), "runtime"},
		{"0 in memory that is not zeroed", allocated(garbage).either(field(0), nothing).then(pass()), unproven},
		{"1 in memory that is not zeroed", allocated(garbage).either(field(1), nothing).then(pass()), unproven},
		{"0, and a byte somewhere", // movb $1,(%r12,%rbx)
			allocated(zeroed).either(field(0), new(program).op(0x41, 0xc6, 0x04, 0x1c, 1)).then(pass()), unproven},
		{"0, and more of it", // movq $0,24(%r12)
			allocated(zeroed).either(field(0), new(program).op(0x49, 0xc7, 0x44, 0x24, 0x18, 0, 0, 0, 0)).then(pass()), unproven},
		{"0 in static data", new(program).either(new(program).setField(0), nothing).enable(), unproven},
		{"1 in static data", new(program).either(new(program).setField(1), nothing).enable(), "runtime"},
		{"0 in static data, and two calls", new(program).either(new(program).setField(0).enable(), new(program).enable()), unproven},
		{"1 in static data, and two calls", new(program).either(new(program).enable(), new(program).setField(1).enable()), "runtime"},
	} {
		if r := tc.p.analyze().Replace; describe(t, nil, r) != tc.want {
			t.Errorf("%s: %+v, want %s", tc.name, r, tc.want)
		}
	}
}

// TestPartOfVariable: part of a number is a number; part of what is decided at run time
// need not be decided.
func TestPartOfVariable(t *testing.T) {
	number := new(program).op(0x48, 0xc7, 0x05).data(variableAt, 4).op(0xfe, 0xff, 0xff, 0xff) // movq $-2,variable
	unknown := new(program).op(0x48, 0x89, 0x1d).data(variableAt, 0)                           // mov %rbx,variable
	result := new(program).call(symOther).op(0x48, 0x89, 0x05).data(variableAt, 0)             // mov %rax,variable
	for _, tc := range []struct {
		name string
		p    *program
		at   int64
		want string
	}{
		{"the low half of a number", number, 0, "4 byte 0xfffffffe"},
		{"the high half of a number", number, 4, "4 byte 0xffffffff"},
		{"the middle of a number", number, 2, "4 byte 0xffffffff"},
		{"beyond a number", number, 6, unproven},
		{"the high half of what is not known", unknown, 4, unproven},
		{"the low half of a result", result, 0, "runtime"},
		{"the high half of a result", result, 4, unproven},
	} {
		p := new(program).then(tc.p).op(0x8b, 0x0d).data(variableAt+tc.at, 0).op(0x89, 0x0d).data(fieldAt, 0).enable() // by way of %ecx
		if r := p.analyze().Replace; describe(t, nil, r) != tc.want {
			t.Errorf("%s: %+v, want %s", tc.name, r, tc.want)
		}
	}
}

// TestSameLowPart: what differs between paths in bytes that are not stored is no proof
// that the code decides.
func TestSameLowPart(t *testing.T) {
	for _, tc := range []struct {
		name  string
		a, b  []byte
		store byte // mov %al or mov %eax
		want  string
	}{
		// mov $5,%eax; movabs $0x100000005,%rax
		{"a word", []byte{0xb8, 5, 0, 0, 0}, []byte{0x48, 0xb8, 5, 0, 0, 0, 1, 0, 0, 0}, 0x89, "4 byte 0x5"},
		// mov $5,%eax; mov $5,%al behind an unknown one
		{"a byte", []byte{0xb8, 5, 0, 0, 0}, []byte{0xb0, 5}, 0x88, "1 byte 0x5"},
		{"a word with a known byte", []byte{0xb8, 5, 0, 0, 0}, []byte{0xb0, 5}, 0x89, unproven},
		{"another word", []byte{0xb8, 5, 0, 0, 0}, []byte{0xb8, 6, 0, 0, 0}, 0x89, "runtime"},
		{"another byte", []byte{0xb8, 5, 0, 0, 0}, []byte{0xb0, 6}, 0x88, "runtime"},
	} {
		p := new(program).either(new(program).op(tc.a...), new(program).op(tc.b...)).op(tc.store, 0x05).data(fieldAt, 0).enable()
		if r := p.analyze().Replace; describe(t, nil, r) != tc.want {
			t.Errorf("%s: %+v, want %s", tc.name, r, tc.want)
		}
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
		s.params = []ir.Reloc{rel(16, rX86_64, symOther, 0), rel(32, rX86_64, symData, at)}
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
