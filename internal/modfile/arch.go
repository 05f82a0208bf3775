package modfile

import (
	"debug/elf"

	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/klp"
)

// Arch returns the architecture of a module or kernel; "" when its kernel cannot
// livepatch.
func Arch(f *safeelf.File) klp.Arch {
	if f.BigEndian {
		if f.Machine == elf.EM_S390 {
			return klp.S390X
		}
		return ""
	}
	switch f.Machine {
	case elf.EM_X86_64:
		return klp.X86_64
	case elf.EM_AARCH64:
		return klp.ARM64
	case elf.EM_PPC64:
		return klp.PPC64LE
	case elf.EM_LOONGARCH:
		return klp.LoongArch64
	}
	return ""
}
