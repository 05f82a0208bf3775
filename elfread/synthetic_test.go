package elfread

import (
	"debug/elf"
	"encoding/binary"
	"strings"

	"github.com/klplint/klplint/internal/elfmut"
)

// synthetic describes a static livepatch that is put together by hand: for
// architectures and layouts that no installed compiler or kernel gives.
type synthetic struct {
	machine  elf.Machine
	order    binary.ByteOrder
	pointer  uint32 // relocation type of a pointer
	release  string
	objects  []object // patched objects
	sizes    struct{ object, fn uint64 }
	replace  []byte // bytes in the slot of replace
	slot     uint64 // where that is; 0 means 24
	states   []uint64
	symbols  bool // name the arrays in the symbol table
	register bool // import klp_register_patch
	init     bool // x86_64: an init function that passes the patch to klp_enable_patch()
	modinfo  []string
}

type object struct {
	name      string // "" is vmlinux
	funcs     []string
	callbacks map[uint64]bool // by offset in klp_object: a pointer to code
	hooks     map[uint64]bool // the same: a pointer to data
}

// build writes the module. Its init function is empty, so that the patch is
// found by its pointer to __this_module.
func (s synthetic) build() *elfmut.File {
	f := elfmut.New(s.machine, s.order)
	if s.slot == 0 {
		s.slot = 24
	}
	text := f.Add(&elfmut.Section{Name: ".text", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, Data: make([]byte, 256), Align: 16})
	info := "license=GPL\x00livepatch=Y\x00depends=\x00name=synthetic\x00"
	if s.release != "" {
		info += "vermagic=" + s.release + " SMP mod_unload \x00"
	}
	info += strings.Join(s.modinfo, "\x00")
	f.Add(&elfmut.Section{Name: ".modinfo", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC, Data: []byte(info), Align: 1})
	this := f.Add(&elfmut.Section{Name: ".gnu.linkonce.this_module", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC | elf.SHF_WRITE, Data: make([]byte, 1024), Align: 64})
	str := f.Add(&elfmut.Section{Name: ".rodata.str1.8", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC | elf.SHF_MERGE | elf.SHF_STRINGS, Align: 1})
	data := f.Add(&elfmut.Section{Name: ".data", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC | elf.SHF_WRITE, Align: 32})

	syms := []elfmut.Sym{
		{},
		{Type: elf.STT_SECTION, Shndx: elf.SectionIndex(text)},
		{Type: elf.STT_SECTION, Shndx: elf.SectionIndex(str)},
		{Type: elf.STT_SECTION, Shndx: elf.SectionIndex(data)},
		{Name: "new_func", Type: elf.STT_FUNC, Shndx: elf.SectionIndex(text), Value: 64, Size: 32},
		{Name: "__this_module", Bind: elf.STB_GLOBAL, Type: elf.STT_OBJECT, Shndx: elf.SectionIndex(this), Size: 1024},
	}
	const symText, symStr, symData, symThis = 1, 2, 3, 5
	var strings, bytes []byte
	var relas []elfmut.Rela
	point := func(at uint64, sym uint32, addend uint64) {
		relas = append(relas, elfmut.Rela{Offset: at, Sym: sym, Type: s.pointer, Addend: int64(addend)})
	}
	text64 := func(name string) uint64 {
		off := len(strings)
		strings = append(append(strings, name...), 0)
		return uint64(off)
	}
	room := func(n uint64, name string) uint64 {
		for len(bytes)%32 != 0 {
			bytes = append(bytes, 0)
		}
		off := uint64(len(bytes))
		bytes = append(bytes, make([]byte, n)...)
		if s.symbols {
			syms = append(syms, elfmut.Sym{Name: name, Type: elf.STT_OBJECT, Shndx: elf.SectionIndex(data), Value: off, Size: n})
		}
		return off
	}

	patch := room(200, "patch")
	objs := room(uint64(len(s.objects)+1)*s.sizes.object, "objs")
	point(patch, symThis, 0)
	point(patch+8, symData, objs)
	copy(bytes[patch+s.slot:], s.replace)
	if s.states != nil {
		at := room(uint64(len(s.states)+1)*24, "states")
		point(patch+16, symData, at)
		for i, id := range s.states {
			s.order.PutUint64(bytes[at+uint64(i)*24:], id)
			s.order.PutUint32(bytes[at+uint64(i)*24+8:], uint32(i+1))
		}
	}
	for i, o := range s.objects {
		at := objs + uint64(i)*s.sizes.object
		if o.name != "" {
			point(at, symStr, text64(o.name))
		}
		funcs := room(uint64(len(o.funcs)+1)*s.sizes.fn, "funcs")
		point(at+8, symData, funcs)
		for off := range o.callbacks {
			point(at+off, symText, 64)
		}
		for off := range o.hooks {
			point(at+off, symData, patch)
		}
		for j, name := range o.funcs {
			fn := funcs + uint64(j)*s.sizes.fn
			point(fn, symStr, text64(name))
			point(fn+8, symText, 64)
			s.order.PutUint64(bytes[fn+16:], uint64(j))
		}
	}
	if s.register {
		syms = append(syms, elfmut.Sym{Name: "klp_register_patch", Bind: elf.STB_GLOBAL})
	}
	if s.init {
		f.Add(&elfmut.Section{
			Name: ".init.text", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, Align: 16,
			Data: []byte{
				0x48, 0xc7, 0xc7, 0, 0, 0, 0, // mov $patch,%rdi
				0xe8, 0, 0, 0, 0, // call klp_enable_patch
				0xc3, // ret
			},
		})
		n := uint32(len(syms))
		syms = append(syms,
			elfmut.Sym{Name: "init_module", Bind: elf.STB_GLOBAL, Type: elf.STT_FUNC, Shndx: elf.SectionIndex(f.Index(".init.text")), Size: 13},
			elfmut.Sym{Name: "klp_enable_patch", Bind: elf.STB_GLOBAL})
		f.AddRelas(".rela.init.text", ".init.text", 0, []elfmut.Rela{
			{Offset: 3, Sym: symData, Type: uint32(elf.R_X86_64_32S), Addend: int64(patch)},
			{Offset: 8, Sym: n + 1, Type: uint32(elf.R_X86_64_PLT32), Addend: -4},
		})
		f.AddRelas(".rela.gnu.linkonce.this_module", ".gnu.linkonce.this_module", 0, []elfmut.Rela{{Offset: 0x138, Sym: n, Type: s.pointer}})
	}
	bytes = append(bytes, make([]byte, 512)...)
	f.Sections[str].Data, f.Sections[data].Data = strings, bytes
	f.SetSyms(syms)
	f.AddRelas(".rela.data", ".data", 0, relas)
	return f
}

// x86 is the usual case: a vmlinux func and two funcs of a module.
func x86() synthetic {
	s := synthetic{
		machine: elf.EM_X86_64, order: binary.LittleEndian, pointer: uint32(elf.R_X86_64_64),
		release: "6.12.117+deb12-amd64", symbols: true,
		objects: []object{{funcs: []string{"one"}}, {name: "ext4", funcs: []string{"two", "three"}}},
	}
	s.sizes.object, s.sizes.fn = 168, 152
	return s
}
