package rules

import (
	"fmt"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp221 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Also:     []finding.Severity{finding.Warning},
	Since:    "0.2",
	Tags:     []string{"relocations", "crash"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP221",
		Doc: `special section lacks its relocations, or is read-only

The loader and its notifiers follow the pointers of __jump_table, .static_call_sites,
__param, ___srcu_struct_ptrs, _ftrace_events and .altinstructions as soon as the
module is loaded (kernel/jump_label.c: jump_label_add_module;
kernel/static_call_inline.c: static_call_add_module; kernel/params.c:
module_param_sysfs_setup; kernel/rcu/srcutree.c: srcu_module_coming;
kernel/trace/trace_events.c: trace_module_add_events; alternatives of each
architecture), those of __tracepoints_ptrs when it is unloaded (kernel/tracepoint.c:
tracepoint_module_going), and write into the jump table. Nothing checks them: an
entry without relocations holds NULL pointers, a table that is mapped read-only
causes a fault, and of one that ends within an entry x86 reads on behind it. Of
.return_sites, by which x86 finds the jumps to __x86_return_thunk, it does: it warns
about an entry that points to none, and when a jump runs that is not listed
(arch/x86/kernel/alternative.c: apply_returns).

Fix: keep all relocation sections and section flags when a module is stripped or
copied.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.Sections {
		s := &m.Sections[i]
		if s.Name == "__ex_table" && loaded(s) && s.Flags&shfExecinstr != 0 && s.Size > 0 {
			c.add(finding.Finding{
				Message:  "section __ex_table holds code: the kernel takes it for a table, and sorts it",
				Location: startOf(s),
			})
			continue
		}
		if f := partEntry(m, s); f != nil {
			c.add(*f)
			continue
		}
		t, special := pointerTables[s.Name]
		if !special || s.Size < t.entry || !loaded(s) || s.Type == shtNobits {
			continue
		}
		at := startOf(s)
		if want := int(s.Size/t.entry) * t.relas; s.Relas < want {
			c.add(finding.Finding{
				Message:  fmt.Sprintf("%s has %s, at least %d needed", s.Name, plural(s.Relas, "relocation", "relocations"), want),
				Location: at,
				Kernel:   crashesLater("when the kernel dereferences pointers that were never relocated"),
			})
		}
		if t.written && s.Flags&shfWrite == 0 {
			c.add(finding.Finding{
				Message:  s.Name + " is not writable",
				Location: at,
				Kernel:   crashes("the kernel writes into read-only memory"),
			})
		}
	}
	if n := m.Returns.Unlisted; n > 0 {
		c.add(finding.Finding{
			Severity: finding.Warning,
			Message:  plural(n, "return is", "returns are") + " not in .return_sites",
			Location: klp.Location{Section: ".return_sites"},
			Kernel:   accepted("when one of them runs: WARNING: Unpatched return thunk in use. This should not happen!"),
		})
	}
	strayEntries(m, &c)
	return c.findings(), nil
})

// strayEntries finds lists of places in code that are none of their kind.
func strayEntries(m *klp.Module, c *collector) {
	for _, list := range [...]struct {
		section string
		stray   int
		kind    string
		logs    string
	}{
		{".return_sites", m.Returns.Stray, "jump to the return thunk", "WARNING: missing return thunk"},
		{".ibt_endbr_seal", m.Stray.Endbr, "ENDBR64", "WARNING: ... poison_endbr"},
		{".retpoline_sites", m.Stray.Retpolines, "branch to __x86_indirect_thunk", "WARNING: ... apply_retpolines"},
	} {
		if list.stray == 0 {
			continue
		}
		c.add(finding.Finding{
			Severity: finding.Warning,
			Message:  plural(list.stray, "entry of "+list.section+" leads", "entries of "+list.section+" lead") + " to no " + list.kind,
			Location: klp.Location{Section: list.section},
			Kernel:   accepted(list.logs),
		})
	}
}

// partEntry finds a table that the loader walks until it is at the end or behind it,
// and that ends within an entry.
func partEntry(m *klp.Module, s *klp.Section) *finding.Finding {
	sizes, walked := walkedTables[s.Name]
	if !walked || m.Arch != klp.X86_64 || !loaded(s) || slices.ContainsFunc(sizes, func(n uint64) bool { return s.Size%n == 0 }) {
		return nil
	}
	return &finding.Finding{
		Message:  fmt.Sprintf("%s has %d bytes, and entries of %d", s.Name, s.Size, sizes[0]),
		Location: startOf(s),
		Kernel:   crashes("the kernel reads an entry that goes on behind the table"),
	}
}

// walkedTables are the bytes of an entry, on some releases or others, of what x86's
// loader walks (arch/x86/kernel/module.c: module_finalize).
var walkedTables = map[string][]uint64{
	".altinstructions": {14, 12}, // 12 before 6.3
	".smp_locks":       {4},
	".retpoline_sites": {4},
	".return_sites":    {4},
	".call_sites":      {4},
	".cfi_sites":       {4},
	".ibt_endbr_seal":  {4},
}

// pointerTables are the tables whose entries the kernel follows at load: bytes
// of an entry, relocations that every entry has, and whether the kernel writes
// into the table once it is mapped.
var pointerTables = map[string]struct {
	entry   uint64
	relas   int
	written bool
}{
	"__jump_table":        {16, 3, true},
	".static_call_sites":  {8, 2, false},
	"__param":             {40, 3, false},
	"___srcu_struct_ptrs": {8, 1, false},
	"_ftrace_events":      {8, 1, false},
	"__tracepoints_ptrs":  {8, 1, false}, // half as many where distances of four bytes stand there
	".altinstructions":    {14, 2, false},
}
