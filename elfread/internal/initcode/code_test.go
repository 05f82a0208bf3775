package initcode

import (
	"debug/elf"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/klp"
)

// snippet is a Source of hand-made code: section 1 is the code, 2 is writable data, 3
// is __this_module, 4 is __jump_table, 5 is __param.
type snippet struct {
	code, data []byte
	relocs     []ir.Reloc
	labels     []ir.Reloc
	params     []ir.Reloc
	symbols    []ir.Symbol
}

// Relocations of x86-64 in snippets.
const (
	rX86_64   = uint32(elf.R_X86_64_64)
	rX86PC32  = uint32(elf.R_X86_64_PC32)
	rX86PLT32 = uint32(elf.R_X86_64_PLT32)
	rX8632S   = uint32(elf.R_X86_64_32S)
)

// Symbols of snippets, by index.
const (
	symEnable = 1 + iota
	symModule
	symData
	symCode
	symAlloc
	symOther
)

func newSnippet(code []byte, relocs ...ir.Reloc) *snippet {
	return &snippet{
		code: code, data: make([]byte, 4096), relocs: relocs,
		symbols: []ir.Symbol{
			{},
			{Name: "klp_enable_patch"},
			{Name: "__this_module", Section: 3},
			{Section: 2},
			{Section: 1},
			{Name: "__kmalloc_noprof"},
			{Name: "somewhere_else"},
		},
	}
}

func (s *snippet) Section(i int) (ir.Section, bool) {
	switch i {
	case 1:
		return ir.Section{Name: ".init.text", Data: s.code, Exec: true, Relocs: s.relocs}, true
	case 2:
		return ir.Section{Name: ".data", Data: s.data, Write: true}, true
	case 3:
		return ir.Section{Name: ".gnu.linkonce.this_module", Write: true}, true
	case 4:
		return ir.Section{Name: "__jump_table", Relocs: s.labels}, true
	case 5:
		return ir.Section{Name: "__param", Relocs: s.params}, true
	}
	return ir.Section{}, false
}

func (s *snippet) Symbol(i uint32) (ir.Symbol, bool) {
	if uint64(i) >= uint64(len(s.symbols)) {
		return ir.Symbol{}, false
	}
	return s.symbols[i], true
}

func (s *snippet) Function(at Place) (Function, bool) {
	if at.Section != 1 {
		return Function{}, false
	}
	return Function{Name: "init_module", Hi: uint64(len(s.code))}, true
}

func (s *snippet) Object(at Place) (lo, hi uint64, ok bool) {
	return at.Offset &^ 255, at.Offset&^255 + 256, at.Section == 2
}

func (s *snippet) input(arch klp.Arch) Input {
	in := Input{Arch: arch, Source: s, Init: Place{Section: 1}, Enable: symEnable, Exec: []int{1}, ReplaceOffset: 24}
	if s.labels != nil {
		in.JumpTable = 4
	}
	if s.params != nil {
		in.Params = 5
	}
	return in
}

func rel(off uint64, typ, sym uint32, addend int64) ir.Reloc {
	return ir.Reloc{Offset: off, Type: typ, Sym: sym, Addend: addend}
}

// TestX86 covers what compilers rarely write but readers must not trip over.
func TestX86(t *testing.T) {
	load := []byte{0x48, 0xc7, 0xc7, 0, 0, 0, 0} // mov $patch,%rdi
	call := []byte{0xe9, 0, 0, 0, 0}             // jmp klp_enable_patch
	join := func(parts ...[]byte) []byte {
		var b []byte
		for _, p := range parts {
			b = append(b, p...)
		}
		return b
	}
	// tail puts load and call behind a prologue and gives both their relocations.
	tail := func(prologue ...byte) *snippet {
		n := uint64(len(prologue))
		return newSnippet(join(prologue, load, call), rel(n+3, rX8632S, symData, 256), rel(n+8, rX86PLT32, symEnable, -4))
	}
	tests := []struct {
		name   string
		code   *snippet
		want   string // part of the reason; "" for static data without a store
		jumps  []ir.Reloc
		known  bool
		value  uint64
		offset uint64 // of the call
	}{
		{name: "plain", code: tail(), offset: 7},
		// x86asm takes F3 for an instruction of one byte; the next one is then 0F 1E FA 48...
		{name: "endbr64", code: tail(0xf3, 0x0f, 0x1e, 0xfa), offset: 11},
		{name: "endbr32", code: tail(0xf3, 0x0f, 0x1e, 0xfb), offset: 11},
		{name: "nops", code: tail(0x0f, 0x1f, 0x44, 0, 0, 0x66, 0x90, 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0), offset: 25},
		{name: "kcfi and padding are not run", code: func() *snippet {
			s := newSnippet(join([]byte{0xeb, 6, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc}, load, call),
				rel(11, rX8632S, symData, 0), rel(16, rX86PLT32, symEnable, -4))
			return s
		}(), offset: 15},
		{name: "warning", code: tail(0x0f, 0x0b), offset: 9},
		{name: "undecodable", code: tail(0x06), want: "unknown instruction at .init.text+0x0"},
		{name: "truncated", code: newSnippet([]byte{0x48, 0xc7}), want: "unknown instruction"},
		{name: "bare endbr prefix", code: newSnippet([]byte{0xf3, 0x0f, 0x1e}), want: "unknown instruction"},
		{name: "indirect jump", code: newSnippet([]byte{0xff, 0xe0}), want: "an indirect jump"},
		{name: "system call", code: tail(0x0f, 0x05), want: "cannot follow SYSCALL"},
		{name: "call that is not relocated", code: tail(0xe8, 0, 0, 0, 0), want: "a call of an unknown address"},
		{name: "jump into nowhere", code: newSnippet([]byte{0xe9, 0, 0x10, 0, 0}), want: "leaves the section"},
		{name: "recursion", code: newSnippet([]byte{0xe8, 0xfb, 0xff, 0xff, 0xff, 0xc3}), want: "nested too deep"},
		{name: "endless loop", code: newSnippet([]byte{0xeb, 0xfe}), want: "does not call"},
		{name: "jump label", code: tail(0x0f, 0x1f, 0x44, 0, 0), jumps: []ir.Reloc{rel(0, rX86PC32, symCode, 0), rel(4, rX86PC32, symCode, 9)}, want: "patched at run time"},
		{name: "store of a constant", code: func() *snippet {
			s := tail(0xc6, 0x05, 0, 0, 0, 0, 1) // movb $1,patch+24(%rip)
			s.relocs = append([]ir.Reloc{rel(2, rX86PC32, symData, 256+24-5)}, s.relocs...)
			return s
		}(), known: true, value: 1, offset: 14},
		{name: "store through a register", code: func() *snippet {
			s := newSnippet(join(load, []byte{0x80, 0x67, 0x18, 0}, call), // andb $0,0x18(%rdi)
				rel(3, rX8632S, symData, 256), rel(12, rX86PLT32, symEnable, -4))
			return s
		}(), known: true, offset: 11},
		{name: "partial store", code: func() *snippet {
			s := newSnippet(join(load, []byte{0xc7, 0x47, 0x16, 1, 0, 0, 0}, call), // movl $1,0x16(%rdi)
				rel(3, rX8632S, symData, 256), rel(15, rX86PLT32, symEnable, -4))
			return s
		}(), want: "the store to the replace field is not understood"},
		{name: "store of an unknown number", code: tail(0xf0, 0x0f, 0xc1, 0x01), want: "may have been written to"}, // lock xadd %eax,(%rcx)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.code.labels = tt.jumps
			res := Analyze(tt.code.input(klp.X86_64))
			r := res.Replace
			if tt.want != "" {
				if !strings.Contains(r.Reason, tt.want) || r.Known || r.Static {
					t.Fatalf("got %+v, %q", r, res.Reason)
				}
				return
			}
			if r.Known != tt.known || r.Static == tt.known || r.Value != tt.value {
				t.Fatalf("got %+v", r)
			}
			if len(res.Enables) != 1 || res.Enables[0].Arg != klp.ArgData || res.Enables[0].At.Offset != tt.offset {
				t.Fatalf("calls: %+v", res.Enables)
			}
		})
	}
}

// TestParameter: the kernel stores module parameters before init runs.
func TestParameter(t *testing.T) {
	analyse := func(params ...ir.Reloc) Replace {
		s := newSnippet([]byte{0x48, 0xc7, 0xc7, 0, 0, 0, 0, 0xe9, 0, 0, 0, 0}, rel(3, rX8632S, symData, 256), rel(8, rX86PLT32, symEnable, -4))
		s.params = params
		return Analyze(s.input(klp.X86_64)).Replace
	}
	if r := analyse(rel(16, rX86_64, symOther, 0), rel(32, rX86_64, symData, 8)); !r.Static {
		t.Errorf("another variable: %+v", r)
	}
	if r := analyse(rel(16, rX86_64, symOther, 0), rel(32, rX86_64, symData, 256+24)); !r.Runtime || r.At.Section != "__param" {
		t.Errorf("bound to the field: %+v", r)
	}
	if r := analyse(rel(16, rX86_64, symData, 0), rel(32, rX86_64, symData, 8)); r.Static || r.Runtime || r.Reason == "" {
		t.Errorf("with its own functions: %+v", r)
	}
}

// TestUnreachedCalls lists calls that init does not reach, with nothing claimed.
func TestUnreachedCalls(t *testing.T) {
	s := newSnippet([]byte{0xc3, 0x90, 0xe8, 0, 0, 0, 0, 0xc3}, rel(3, rX86PLT32, symEnable, -4))
	res := Analyze(s.input(klp.X86_64))
	if len(res.Enables) != 1 || res.Enables[0].Arg != klp.ArgUnknown || res.Enables[0].At.Offset != 2 {
		t.Fatalf("got %+v", res.Enables)
	}
	if res.Replace.Known || res.Replace.Static || res.Replace.Reason == "" {
		t.Fatalf("got %+v", res.Replace)
	}
}

// TestNoInit: nothing to analyse is no error, and no answer.
func TestNoInit(t *testing.T) {
	for _, in := range []Input{
		{Arch: klp.X86_64, Source: newSnippet(nil)},
		{Arch: "sparc64", Source: newSnippet(nil), Init: Place{Section: 1}},
		{Arch: klp.ARM64, Source: newSnippet(nil), Init: Place{Section: 9}},
		{Arch: klp.S390X, Source: newSnippet(nil), Init: Place{Section: 1, Offset: 1 << 40}},
	} {
		res := Analyze(in)
		if res.Decoded || res.Reason == "" || res.Replace.Reason == "" || res.Replace.Known || res.Replace.Static {
			t.Errorf("%+v: got %+v", in.Init, res)
		}
	}
}

// FuzzAnalyze runs arbitrary code with arbitrary relocations.
func FuzzAnalyze(f *testing.F) {
	for i, name := range []string{"x86_64-gcc-O2", "arm64-gcc-Os", "ppc64le-clang-O2", "s390x-gcc-O2", "loongarch64-clang-O2"} {
		o := readObject(f, "testdata/"+name+".o.gz")
		for _, fn := range []string{"kp_true_init", "kb_branch_init", "st_cond_init"} {
			_, s := o.symbol(fn)
			sec := o.sections[s.Section]
			var rels []byte
			for _, r := range ir.RelocsIn(&sec, s.Value, s.Value+s.Size) {
				rels = append(rels, byte(r.Offset-s.Value), byte((r.Offset-s.Value)>>8), byte(r.Type), byte(r.Type>>8), symData, byte(r.Addend))
			}
			f.Add(byte(i), sec.Data[s.Value:s.Value+s.Size], rels)
		}
	}
	arches := []klp.Arch{klp.X86_64, klp.ARM64, klp.PPC64LE, klp.S390X, klp.LoongArch64}
	f.Fuzz(func(t *testing.T, arch byte, code, rels []byte) {
		if len(code) > 1<<14 {
			return
		}
		s := newSnippet(code)
		for ; len(rels) >= 6 && len(s.relocs) < 512; rels = rels[6:] {
			s.relocs = append(s.relocs, rel(uint64(binary.LittleEndian.Uint16(rels)), uint32(binary.LittleEndian.Uint16(rels[2:])), uint32(rels[4]%8), int64(int8(rels[5]))))
		}
		in := s.input(arches[int(arch)%len(arches)])
		in.Shadow = arch&128 != 0
		res := Analyze(in)
		describe(t, nil, Replace{Known: res.Replace.Known, Runtime: res.Replace.Runtime, Static: res.Replace.Static, Reason: res.Replace.Reason, Width: res.Replace.Width, At: klp.Location{Section: ".text"}})
		if len(res.Args) != len(res.Enables) || res.Decoded != (res.Reason == "") {
			t.Fatalf("got %+v", res)
		}
	})
}
