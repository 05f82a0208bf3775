package kernel

import (
	"testing"

	"github.com/klplint/klplint/klp"
)

func TestLoaderDefinedImports(t *testing.T) {
	k := &Kernel{exports: &exportTable{modules: true, byName: map[string]Export{"memcpy": {Name: "memcpy", Module: vmlinux}}}}
	imports := []klp.Import{{Name: ".TOC."}, {Name: "_GLOBAL_OFFSET_TABLE_"}, {Name: ".memcpy"}, {Name: "memcpy"}}
	for arch, want := range map[klp.Arch][]string{
		klp.PPC64LE: {"_GLOBAL_OFFSET_TABLE_"},
		klp.X86_64:  {".TOC.", ".memcpy"},
		klp.S390X:   {".TOC.", "_GLOBAL_OFFSET_TABLE_", ".memcpy"},
	} {
		m := &klp.Module{Name: "fix", Arch: arch, Imports: imports}
		var got []string
		for _, r := range k.CheckImports(m) {
			got = append(got, r.Import.Name)
		}
		if len(got) != len(want) {
			t.Fatalf("%s: refused %q, want %q", arch, got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: refused %q, want %q", arch, got, want)
			}
		}
	}
	// With the kernel's own exports alone what the loader defines is not unknown.
	k.exports.modules = false
	if got := k.UnknownImports(&klp.Module{Arch: klp.PPC64LE, Imports: imports[2:]}); len(got) != 0 {
		t.Errorf("unknown: %q", got)
	}
	if got := k.UnknownImports(&klp.Module{Arch: klp.PPC64LE, Imports: imports[:1]}); len(got) != 0 {
		t.Errorf("unknown: %q", got)
	}
}
