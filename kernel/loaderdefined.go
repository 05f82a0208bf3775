package kernel

import (
	"strings"

	"github.com/klplint/klplint/klp"
)

// importName is the name under which the loader of an architecture looks an
// undefined symbol of a module up, or "" for one that it defines or ignores
// itself:
//
//   - ppc64le: it takes a leading dot off every undefined name, and ".TOC." is
//     the module's own table of contents
//     (arch/powerpc/kernel/module_64.c: dedotify);
//   - x86_64: _GLOBAL_OFFSET_TABLE_, which old assemblers leave undefined and
//     nothing refers to (kernel/module/main.c: ignore_undef_symbol).
func importName(arch klp.Arch, name string) string {
	switch arch {
	case klp.PPC64LE:
		if name == ".TOC." {
			return ""
		}
		return strings.TrimPrefix(name, ".")
	case klp.X86_64:
		if name == "_GLOBAL_OFFSET_TABLE_" {
			return ""
		}
	}
	return name
}
