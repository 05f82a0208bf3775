package elfread

import (
	"debug/elf"
	"testing"

	"github.com/klplint/klplint/fixtures"
	"github.com/klplint/klplint/internal/elfmut"
)

// How a replacement gets to the function that it replaces: by a branch, through a
// register or a place of the stack, or by another function of the module.
func TestCallsOfTheOldFunction(t *testing.T) {
	const at, helper, part = 64, 256, 320 // offsets in .text
	const plt, imm = elf.R_X86_64_PLT32, elf.R_X86_64_32S
	type code = func(a *assembled, old uint32)
	thunk := func(a *assembled, opcode byte, register string) *assembled {
		return a.call(opcode, "__x86_indirect_thunk_"+register)
	}
	call := func(a *assembled, old uint32) { a.op(0xe8).ref(plt, old, -4) }
	for _, tc := range []struct {
		name        string
		code        code // of the replacement
		other       code // of the functions beside it
		own, beyond int
	}{
		{"call", call, nil, 1, 0},
		{"tail call", func(a *assembled, old uint32) { a.op(0xe9).ref(plt, old, -4) }, nil, 1, 0},
		{"rax, by a thunk", func(a *assembled, old uint32) {
			thunk(a.op(0x48, 0xc7, 0xc0).ref(imm, old, 0).op(0x40, 0x0f, 0xb6, 0xf6), 0xe8, "rax")
		}, nil, 1, 0},
		{"r11, by a jump to a thunk", func(a *assembled, old uint32) {
			thunk(a.op(0x49, 0xc7, 0xc3).ref(imm, old, 0), 0xe9, "r11")
		}, nil, 1, 0},
		{"another thunk", func(a *assembled, old uint32) {
			thunk(a.op(0x48, 0xc7, 0xc0).ref(imm, old, 0), 0xe8, "rbx")
		}, nil, 0, 0},
		{"call of a register", func(a *assembled, old uint32) { a.op(0x48, 0xc7, 0xc0).ref(imm, old, 0).op(0xff, 0xd0) }, nil, 1, 0},
		{"lea", func(a *assembled, old uint32) { a.op(0x48, 0x8d, 0x05).ref(elf.R_X86_64_PC32, old, -4).op(0xff, 0xd0) }, nil, 1, 0},
		{"another register in between", func(a *assembled, old uint32) {
			a.op(0x48, 0xc7, 0xc1).ref(imm, old, 0).op(0x48, 0x89, 0xc8, 0xff, 0xd0) // mov %rcx,%rax
		}, nil, 1, 0},
		{"overwritten", func(a *assembled, old uint32) {
			a.op(0x48, 0xc7, 0xc0).ref(imm, old, 0).op(0x48, 0x8b, 0x07, 0xff, 0xd0) // mov (%rdi),%rax
		}, nil, 0, 0},
		{"overwritten by a call", func(a *assembled, old uint32) {
			a.op(0x48, 0xc7, 0xc0).ref(imm, old, 0).call(0xe8, "printk").op(0xff, 0xd0)
		}, nil, 0, 0},
		{"kept by a call", func(a *assembled, old uint32) {
			a.op(0x48, 0xc7, 0xc3).ref(imm, old, 0).call(0xe8, "printk").op(0xff, 0xd3) // rbx
		}, nil, 1, 0},
		{"behind a jump", func(a *assembled, old uint32) {
			a.op(0x48, 0xc7, 0xc0).ref(imm, old, 0).op(0xeb, 0x00, 0xff, 0xd0)
		}, nil, 0, 0},
		{"overwritten by what is not known", func(a *assembled, old uint32) {
			a.op(0x48, 0xc7, 0xc0).ref(imm, old, 0).op(0x0f, 0xa2, 0xff, 0xd0) // cpuid
		}, nil, 0, 0},
		{"the stack", func(a *assembled, old uint32) {
			a.op(0x48, 0xc7, 0x04, 0x24).ref(imm, old, 0).op(0x48, 0x8b, 0x04, 0x24, 0xff, 0xd0)
		}, nil, 1, 0},
		{"the stack, called there", func(a *assembled, old uint32) {
			a.op(0x48, 0xc7, 0x45, 0xf8).ref(imm, old, 0).op(0xff, 0x55, 0xf8)
		}, nil, 1, 0},
		{"the stack, overwritten", func(a *assembled, old uint32) {
			a.op(0x48, 0xc7, 0x04, 0x24).ref(imm, old, 0).op(0x48, 0x89, 0x3c, 0x24, 0xff, 0x14, 0x24)
		}, nil, 0, 0},
		{"a callback for others", func(a *assembled, old uint32) {
			a.op(0x48, 0xc7, 0xc7).ref(imm, old, 0).call(0xe8, "printk")
			a.op(0x48, 0xc7, 0x47, 0x08).ref(imm, old, 0) // movq, to where %rdi points
		}, nil, 0, 0},
		{"loaded by a global offset table", func(a *assembled, old uint32) {
			a.op(0x48, 0x8b, 0x05).ref(elf.R_X86_64_REX_GOTPCRELX, old, -4).op(0xff, 0xd0)
		}, nil, 1, 0},
		{"a function of the module", func(a *assembled, _ uint32) { a.op(0xe8, byte(helper-at-5), 0, 0, 0) }, call, 0, 1},
		{"one that a relocation names", func(a *assembled, _ uint32) { a.op(0xe8).ref(plt, 1, helper-4) }, call, 0, 1},
		{"one that is not called", func(a *assembled, _ uint32) { a.op(0x90) }, call, 0, 0},
		{"its part", func(a *assembled, old uint32) { a.op(0x0f, 0x84).ref(plt, 1, part-4) }, call, 1, 0},
	} {
		s := x86()
		f := s.build()
		old := uint32(f.AddSym(elfmut.Sym{Name: s.objects[0].funcs[0], Bind: elf.STB_GLOBAL}))
		text := f.Section(".text")
		text.Data = append(text.Data, make([]byte, 256)...)
		var relas []elfmut.Rela
		put := func(from uint64, c code) uint64 {
			a := assembled{f: f}
			if c != nil {
				c(&a, old)
			}
			a.op(0xc3)
			copy(text.Data[from:], a.code)
			for _, r := range a.relocs {
				r.Offset += from
				relas = append(relas, r)
			}
			return uint64(len(a.code))
		}
		size := put(at, tc.code)
		other := put(helper, tc.other)
		if tc.name == "its part" {
			other = put(part, tc.other)
			f.AddSym(elfmut.Sym{Name: "new_func.cold", Type: elf.STT_FUNC, Shndx: elf.SectionIndex(f.Index(".text")), Value: part, Size: other})
		}
		f.AddSym(elfmut.Sym{Name: "helper", Type: elf.STT_FUNC, Shndx: elf.SectionIndex(f.Index(".text")), Value: helper, Size: other})
		// Another function of the name, of another source file, is another function.
		f.AddSym(elfmut.Sym{Name: "new_func", Type: elf.STT_FUNC, Shndx: elf.SectionIndex(f.Index(".text")), Value: 400, Size: put(400, call)})
		f.EditSyms(func(syms []elfmut.Sym) []elfmut.Sym {
			for i := range syms {
				if syms[i].Name == "new_func" && syms[i].Value == at {
					syms[i].Size = size
				}
			}
			return syms
		})
		f.AddRelas(".rela.text", ".text", 0, relas)
		m, err := read(f.Bytes(), Options{})
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		got := &m.Patch.Objects[0].Funcs[0]
		if len(got.CallsOld) != tc.own || len(got.LeadsToOld) != tc.beyond {
			t.Errorf("%s: calls %+v, leads %+v", tc.name, got.CallsOld, got.LeadsToOld)
		}
	}
}

// Pointers in the module's data, as compilers load them.
func TestCallsThroughData(t *testing.T) {
	for module, want := range map[string][2]int{ // calls for certain, and through what may change
		"bad-constant": {1, 0},
		"bad-stack":    {1, 0},
		"bad-table":    {0, 1},
		"bad-variable": {0, 1},
		"good-table":   {0, 0},
	} {
		m, err := read(fixtures.Read(t, "rules/KLP216/"+module+".ko"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		f := &m.Patch.Objects[0].Funcs[1]
		if got := [2]int{len(f.CallsOld), len(f.PointsToOld)}; got != want || len(f.LeadsToOld) > 0 {
			t.Errorf("%s: %v, want %v; leads %v", module, got, want, f.LeadsToOld)
		}
	}
}
