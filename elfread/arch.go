package elfread

import (
	"debug/elf"

	"github.com/klplint/klplint/internal/modfile"
	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/klp"
)

// arch is what reading tables needs to know of an architecture.
type arch struct {
	name klp.Arch
	// pointer is the relocation type of a 64-bit pointer in data.
	pointer uint32
	// fields are the relocation types that fill a whole field which is zero
	// before, with its width in bytes. For x86_64 these are the ones whose
	// target apply_relocate_add() demands to be zero
	// (arch/x86/kernel/module.c: __write_relocate_add).
	fields []field
	// types are the relocation types that its module loader applies, as ranges
	// with their ends (arch/*/kernel/module*.c: apply_relocate_add, 6.1 to 7.3).
	types []typeRange
}

type typeRange struct{ from, to uint32 }

type field struct {
	typ   uint32
	width uint64
}

// width returns how many bytes a relocation type fills that is among fields; 0
// for the others.
func (a *arch) width(typ uint32) uint64 {
	for _, f := range a.fields {
		if f.typ == typ {
			return f.width
		}
	}
	return 0
}

// applies reports whether the loader applies relocations of the type.
func (a *arch) applies(typ uint32) bool {
	for _, r := range a.types {
		if typ >= r.from && typ <= r.to {
			return true
		}
	}
	return false
}

// none is the relocation type R_*_NONE of all five architectures.
const none = 0

// archOf returns what is known of the architecture of f; its name is "" when its
// kernel cannot livepatch.
func archOf(f *safeelf.File) *arch {
	name := modfile.Arch(f)
	for i := range archs {
		if archs[i].name == name {
			return &archs[i]
		}
	}
	return &noArch
}

var noArch arch

var archs = [...]arch{
	{klp.X86_64, uint32(elf.R_X86_64_64), []field{
		{uint32(elf.R_X86_64_64), 8},
		{uint32(elf.R_X86_64_PC64), 8},
		{uint32(elf.R_X86_64_32), 4},
		{uint32(elf.R_X86_64_32S), 4},
		{uint32(elf.R_X86_64_PC32), 4},
		{uint32(elf.R_X86_64_PLT32), 4},
	}, []typeRange{{0, 2}, {4, 4}, {10, 11}, {24, 24}}},
	{klp.ARM64, uint32(elf.R_AARCH64_ABS64), []field{
		{uint32(elf.R_AARCH64_ABS64), 8},
		{uint32(elf.R_AARCH64_PREL64), 8},
		{uint32(elf.R_AARCH64_ABS32), 4},
		{uint32(elf.R_AARCH64_PREL32), 4},
	}, []typeRange{{0, 0}, {256, 280}, {282, 293}, {299, 299}}},
	{klp.PPC64LE, uint32(elf.R_PPC64_ADDR64), []field{
		{uint32(elf.R_PPC64_ADDR64), 8},
		{uint32(elf.R_PPC64_REL64), 8},
		{uint32(elf.R_PPC64_ADDR32), 4},
		{uint32(elf.R_PPC64_REL32), 4},
	}, []typeRange{{0, 1}, {4, 6}, {10, 10}, {26, 26}, {38, 38}, {44, 44}, {47, 51}, {63, 64}, {109, 109}, {116, 118}, {132, 133}, {250, 252}}},
	{klp.S390X, uint32(elf.R_390_64), []field{
		{uint32(elf.R_390_64), 8},
		{uint32(elf.R_390_PC64), 8},
		{uint32(elf.R_390_32), 4},
		{uint32(elf.R_390_PC32), 4},
		{uint32(elf.R_390_PC32DBL), 4},
		{uint32(elf.R_390_PLT32DBL), 4},
	}, []typeRange{{0, 8}, {13, 36}, {57, 59}}},
	{klp.LoongArch64, uint32(elf.R_LARCH_64), []field{
		{uint32(elf.R_LARCH_64), 8}, {uint32(elf.R_LARCH_32), 4},
	}, []typeRange{{0, 2}, {20, 24}, {29, 29}, {32, 46}, {50, 51}, {55, 56}, {66, 66}, {71, 76}, {99, 102}, {109, 109}}},
}
