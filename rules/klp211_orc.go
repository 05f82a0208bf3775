package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp211 = demandRule(&Rule{
	Severity: finding.Warning,
	Also:     []finding.Severity{finding.Error},
	Since:    "0.2",
	Tags:     []string{"kernel", "config", "code", "transition"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP211",
		Doc: `no ORC unwind tables for the module's code

A kernel with CONFIG_UNWINDER_ORC walks stacks by tables that objtool writes for
each module (arch/x86/kernel/unwind_orc.c: unwind_module_init; loongarch has the
same since 6.9). A stack with a function that no table knows is not reliable, and
klp_check_stack() never lets a task with such a stack switch
(kernel/livepatch/transition.c). A task that sleeps in a replacement then holds up
the transition of every other livepatch too: on 6.12 and 7.3 an unrelated one stayed
in transition for as long as the task slept.

The kernel finds both tables by their names alone: one without SHF_ALLOC is read in
the loader's copy of the file, which is freed when the module is loaded, so that the
next stack walk faults (error; 7.3.4 panicked). The replacements are looked up in
them one by one.

Fix: run objtool on each of the module's objects as the kernel's own build does
(scripts/Makefile.build), and keep .orc_unwind, .orc_unwind_ip and their relocations
when the module is stripped.`,
	},
}, &orcTables)

var orcTables = demand{
	options: []string{"UNWINDER_ORC"},
	has:     ".orc_unwind and .orc_unwind_ip, with each of its functions",
	without: "a task that sleeps in the module's code keeps every livepatch in transition",
	lacks:   lacksORC,
}

// lacksORC compares the two tables as unwind_module_init does.
func lacksORC(m *klp.Module) []finding.Finding {
	const orcEntry, ipEntry = 6, 4 // struct orc_entry of x86, int
	var tables [2]*klp.Section
	for i, name := range [...]string{".orc_unwind", ".orc_unwind_ip"} {
		if tables[i] = sectionNamed(m, name); tables[i] == nil || tables[i].Size == 0 {
			return []finding.Finding{{Message: "the module has no " + name}}
		}
	}
	for _, s := range tables {
		if !loaded(s) {
			return []finding.Finding{{
				Severity: finding.Error,
				Message:  s.Name + " has no SHF_ALLOC and is freed after load",
				Location: startOf(s),
				Kernel:   crashesLater("when the unwinder reads the table that was freed"),
			}}
		}
	}
	orc, ip := tables[0], tables[1]
	at := startOf(ip)
	switch entries := ip.Size / ipEntry; {
	case m.Arch != klp.X86_64:
	case ip.Size%ipEntry != 0 || orc.Size%orcEntry != 0 || entries != orc.Size/orcEntry:
		return []finding.Finding{{
			Message:  fmt.Sprintf(".orc_unwind of %d bytes and .orc_unwind_ip of %d do not match", orc.Size, ip.Size),
			Location: at,
			Kernel:   warns("WARNING at unwind_module_init"),
		}}
	case ip.Relas < int(entries):
		return []finding.Finding{{
			Message:  fmt.Sprintf(".orc_unwind_ip has %s for %d entries", plural(ip.Relas, "relocation", "relocations"), entries),
			Location: at,
		}}
	}
	var unknown klp.Places
	for i := range m.Patch.Objects {
		for j := range m.Patch.Objects[i].Funcs {
			if c := &m.Patch.Objects[i].Funcs[j].New; c.NoORC {
				unknown.Count++
				unknown.First = append(unknown.First, c.At)
			}
		}
	}
	if unknown.Count > 0 {
		return []finding.Finding{{Message: places(unknown) + " not in .orc_unwind", Identity: unlistedPlaces(unknown), Location: unknown.First[0]}}
	}
	return nil
}
