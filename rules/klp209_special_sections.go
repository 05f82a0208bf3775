package rules

import (
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp209 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"relocations", "crash"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP209",
		Doc: `livepatch relocations of a module in a special section

Some sections are read, sorted or acted upon when the livepatch itself is loaded:
jump tables and static calls (kernel/jump_label.c: jump_label_add_module;
kernel/static_call_inline.c: static_call_add_module), alternatives with their
instructions, paravirt sites, returns, calls and ENDBRs to be rewritten
(arch/x86/kernel/module.c: module_finalize), ftrace's sites, exception and unwind
tables (kernel/module/main.c: post_relocation). Relocations of a target module are
applied when that module is patched, which is later: by then the loader has read
zeros, or has copied the instructions, and the relocations are applied to the
originals. On 6.12 a call in .altinstr_replacement then goes to a wrong address; a
relocation of text that alternatives have replaced overwrites the new instructions.
The same holds for .init sections, which are freed by then (on 6.12 the target module
is refused), and for .data..percpu, of which only the copies are left (on 6.12 an oops
in text_poke). The kernel does not check this. Relocations of vmlinux are applied
before, since 5.8, and are fine.

Fix: replace the static branch or call in the patched code:
static_key_enabled() for a key, KLP_STATIC_CALL() for a call, both of which are
plain loads.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.KlpRelas {
		r := &m.KlpRelas[i]
		if r.Object == klp.VmlinuxObjectName || r.Entries == 0 {
			continue
		}
		f := finding.Finding{Object: r.Object, Location: r.At}
		switch {
		case r.Target == ".altinstr_replacement":
			f.Message = plural(r.Entries, "relocation", "relocations") + " of module " + names.Cut(r.Object) +
				" in .altinstr_replacement, whose instructions the loader copies before that module is patched"
			f.Kernel = accepted("the copied instruction keeps a wrong address")
		case strings.HasPrefix(r.Target, ".init"): // include/linux/moduleloader.h: module_init_section
			f.Message = plural(r.Entries, "relocation", "relocations") + " of module " + names.Cut(r.Object) + " in " + r.Target +
				", which is freed when the livepatch's init function is over"
			f.Kernel = accepted("a module that is loaded later is refused (ENOEXEC, \"Invalid relocation target\"), or other memory overwritten")
		case r.Target == ".data..percpu":
			f.Message = plural(r.Entries, "relocation", "relocations") + " of module " + names.Cut(r.Object) + " in " + r.Target +
				", which the loader copies for each CPU and frees before that module is patched"
			f.Kernel = accepted("an oops when that module is patched")
		case readEarly(r.Target):
			f.Message = plural(r.Entries, "relocation", "relocations") + " of module " + names.Cut(r.Object) + " in " + r.Target +
				", which the loader reads before that module is patched"
			f.Kernel = accepted("the loader works on zeros where it needs addresses")
		case r.AlternativeCount > 0:
			f.Message = plural(r.AlternativeCount, "relocation", "relocations") + " of module " + names.Cut(r.Object) +
				" in instructions of " + r.Target + " that the loader replaces by .altinstructions before that module is patched"
			f.Location = r.Alternatives[0]
			f.Kernel = accepted("the relocation overwrites the replaced instructions")
		default:
			continue
		}
		if !c.full() {
			c.add(f)
		}
	}
	return c.findings(), nil
})

// readEarly reports whether a section is read or acted upon while the livepatch
// is loaded: by module_finalize() of the architecture, by post_relocation(), or
// by a notifier of modules that come (kernel/module/main.c: load_module). All
// of that is over before the module's init calls klp_enable_patch(), which is
// the first to apply relocations of other modules.
func readEarly(section string) bool {
	switch section {
	case "__jump_table", ".static_call_sites", ".static_call.text", // keys and calls
		".altinstructions", ".parainstructions", ".smp_locks", // arch/x86: module_finalize
		".retpoline_sites", ".return_sites", ".call_sites", ".cfi_sites", ".ibt_endbr_seal",
		"__ftr_fixup", "__alt___ftr_fixup", "__lwsync_fixup", // arch/powerpc: module_finalize
		".s390_indirect_call", ".s390_return_mem", ".s390_return_reg", // arch/s390: module_finalize
		"__mcount_loc", "__patchable_function_entries", "__ex_table",
		".orc_unwind", ".orc_unwind_ip", ".eh_frame", ".init.eh_frame":
		return true
	}
	return false
}
