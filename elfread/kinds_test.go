package elfread

import (
	"debug/elf"
	"encoding/binary"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
	"github.com/klplint/klplint/klp"
)

// bare is an ELF file of a type with empty sections of these names.
func bare(typ elf.Type, names ...string) *elfmut.File {
	f := elfmut.New(elf.EM_X86_64, binary.LittleEndian)
	f.Type = typ
	for _, name := range names {
		f.Add(&elfmut.Section{Name: name, Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC, Align: 8})
	}
	return f
}

// TestKinds tells by sections and symbols what a file is that is no livepatch.
func TestKinds(t *testing.T) {
	const this = ".gnu.linkonce.this_module"
	unmarked := func(symbol string) *elfmut.File {
		f := x86().build()
		f.DropModinfo("livepatch")
		if symbol != "" {
			f.AddSym(elfmut.Sym{Name: symbol, Bind: elf.STB_GLOBAL})
		}
		return f
	}
	for _, tc := range []struct {
		name string
		file func() *elfmut.File
		want klp.Kind
	}{
		{"kernel image", func() *elfmut.File { return bare(elf.ET_EXEC, "__ksymtab", ".init.text") }, klp.KindVmlinux},
		{"kernel image with BTF alone", func() *elfmut.File { return bare(elf.ET_EXEC, ".BTF") }, klp.KindVmlinux},
		{"relocatable kernel image", func() *elfmut.File { return bare(elf.ET_DYN, ".dynamic", "__ksymtab_gpl", ".init.text") }, klp.KindVmlinux},
		{"program that was compiled with -gbtf", func() *elfmut.File { return bare(elf.ET_DYN, ".interp", ".dynamic", ".BTF") }, klp.KindOtherELF},
		{"shared library with such a section", func() *elfmut.File { return bare(elf.ET_DYN, ".dynamic", "__ksymtab") }, klp.KindOtherELF},
		{"object file", func() *elfmut.File { return bare(elf.ET_REL, ".text") }, klp.KindObjectFile},
		{"xen payload", func() *elfmut.File { return bare(elf.ET_REL, ".livepatch.funcs") }, klp.KindXenPayload},
		{"ksplice object", func() *elfmut.File { return bare(elf.ET_REL, ".ksplice_patches.vmlinux") }, klp.KindKsplice},
		{"ksplice module", func() *elfmut.File { return bare(elf.ET_REL, this, ".ksplice_patches") }, klp.KindKsplice},
		{"module", func() *elfmut.File { return unmarked("") }, klp.KindModule},
		{"unmarked livepatch", func() *elfmut.File { return unmarked("klp_enable_patch") }, klp.KindLivepatch},
		{"a name that only ends like it", func() *elfmut.File { return unmarked("my_klp_enable_patch") }, klp.KindModule},
		{"kgraft", func() *elfmut.File { return unmarked("kgr_patch_kernel") }, klp.KindKGraft},
		{"kpatch core", func() *elfmut.File { f := unmarked(""); f.SetModinfo("depends", "a,kpatch,b"); return f }, klp.KindKpatchCore},
		{"kpatch core without its dependency", func() *elfmut.File {
			f := unmarked("kpatch_register")
			f.Add(&elfmut.Section{Name: kpatchFuncs, Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC})
			return f
		}, klp.KindKpatchCore},
		{"a dependency that only starts like it", func() *elfmut.File { f := unmarked(""); f.SetModinfo("depends", "kpatch2"); return f }, klp.KindModule},
		{"unmarked, with tables", func() *elfmut.File {
			f := unmarked("")
			f.Add(&elfmut.Section{Name: kpatchFuncs, Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC})
			return f
		}, klp.KindLivepatch},
		{"empty __klp_objects, as 6.19 leaves it everywhere", func() *elfmut.File {
			f := unmarked("")
			f.Add(&elfmut.Section{Name: "__klp_objects", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC})
			return f
		}, klp.KindModule},
		{"module without a symbol table", func() *elfmut.File { f := unmarked(""); f.Remove(".symtab"); return f }, klp.KindModule},
		{"module whose symbols have no names", func() *elfmut.File {
			f := unmarked("klp_enable_patch")
			f.Section(".symtab").Link = 0
			return f
		}, klp.KindModule},
		{"livepatch without tables of any toolchain", func() *elfmut.File { return bare(elf.ET_REL, this) }, klp.KindModule},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := must(t, tc.file(), Options{})
			if m.Kind != tc.want || m.IsLivepatch() != (tc.want == klp.KindLivepatch) {
				t.Errorf("%s, want %s", m.Kind, tc.want)
			}
		})
	}
}

// Test32Bit: no kernel of 32 bits livepatches, so that such a file is named and
// not parsed.
func Test32Bit(t *testing.T) {
	b := bare(elf.ET_REL, ".modinfo").Bytes()
	b[elf.EI_CLASS] = byte(elf.ELFCLASS32)
	if m, err := read(b, Options{}); err != nil || m.Kind != klp.KindOtherELF {
		t.Errorf("error %v, module %+v", err, m)
	}
}

// TestOtherMachine: a livepatch for a machine whose kernel cannot livepatch says
// so, and keeps what does not depend on the machine.
func TestOtherMachine(t *testing.T) {
	f := x86().build()
	f.Machine = elf.EM_RISCV
	m := must(t, f, Options{})
	const want = "no kernel supports livepatching on this architecture: EM_RISCV"
	if m.Arch != "" || m.Patch.Found || m.Patch.Reason != want || m.Replace.Reason != want || m.Replace.Known() {
		t.Errorf("arch %q, patch %+v, replace %+v", m.Arch, m.Patch, m.Replace)
	}
	if m.Name != "synthetic" || !m.IsLivepatch() {
		t.Errorf("name %q, kind %s", m.Name, m.Kind)
	}
}

// TestByteOrder: a known machine of the other byte order is another machine.
func TestByteOrder(t *testing.T) {
	s := x86()
	s.machine, s.order = elf.EM_PPC64, binary.BigEndian // kernels of ppc64 do not livepatch
	if m := must(t, s.build(), Options{}); m.Arch != "" || m.Patch.Found {
		t.Errorf("arch %q, patch %+v", m.Arch, m.Patch)
	}
}

// TestModuleName: .modinfo's name, else the one in struct module, ended by its
// NUL or its size.
func TestModuleName(t *testing.T) {
	const this = ".gnu.linkonce.this_module"
	for _, tc := range []struct {
		name string
		edit func(*elfmut.File)
		want string
	}{
		{"modinfo", func(*elfmut.File) {}, "synthetic"},
		{"struct module", func(f *elfmut.File) { f.DropModinfo("name"); copy(f.Section(this).Data[24:], "other\x00x") }, "other"},
		{"as long as it may be", func(f *elfmut.File) {
			f.DropModinfo("name")
			for i := range 60 {
				f.Section(this).Data[24+i] = 'n'
			}
		}, "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"},
		{"too short a struct", func(f *elfmut.File) { f.DropModinfo("name"); f.Section(this).Data = []byte("0123456789") }, ""},
		{"a struct without bytes", func(f *elfmut.File) { f.DropModinfo("name"); without(f, this) }, ""},
	} {
		f := x86().build()
		tc.edit(f)
		if m := must(t, f, Options{}); m.Name != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, m.Name, tc.want)
		}
	}
}
