package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp211 = demandRule(&Rule{
	Severity: finding.Warning,
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

Fix: run objtool on the module's objects as the kernel's own build does
(scripts/Makefile.build), and keep .orc_unwind, .orc_unwind_ip and their relocations
when the module is stripped.`,
	},
}, &orcTables)

var orcTables = demand{
	options: []string{"UNWINDER_ORC"},
	has:     ".orc_unwind and .orc_unwind_ip",
	without: "a task that sleeps in the module's code keeps every livepatch in transition",
	lacks: func(m *klp.Module) []finding.Finding {
		for _, name := range []string{".orc_unwind", ".orc_unwind_ip"} {
			if !hasSection(m, name) {
				return []finding.Finding{{Message: "the module has no " + name}}
			}
		}
		return nil
	},
}
