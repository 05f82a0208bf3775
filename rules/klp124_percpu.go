package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp124 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.2",
	Tags:     []string{"module", "crash"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP124",
		Doc: `livepatch table in per-CPU data, or in a section that is not loaded

The loader copies .data..percpu to every CPU and resolves its symbols to offsets in
that area instead of addresses (kernel/module/main.c: simplify_symbols,
percpu_modcopy). klp_enable_patch() uses that offset as a pointer. A section without
the flag SHF_ALLOC is not loaded at all: its addresses are in the loader's temporary
copy of the file, which is freed.

Fix: do not define the patch, its objects or funcs with DEFINE_PER_CPU.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	const percpu = ".data..percpu"
	at := m.Patch.At
	for i := 0; i < len(m.Patch.Objects) && at.Section != percpu; i++ {
		if at = m.Patch.Objects[i].At; at.Section != percpu {
			at = m.Patch.Objects[i].FuncsAt
		}
	}
	if at.Section != percpu {
		at = m.Patch.StatesAt
	}
	if s := m.SectionOf(m.Patch.At); at.Section != percpu && s != nil && !loaded(s) {
		return []finding.Finding{{
			Message:  "the livepatch tables are in " + s.Name + ", which is not loaded",
			Location: m.Patch.At,
			Kernel:   crashes("the kernel reads freed memory, in which nothing was relocated"),
		}}, nil
	}
	if at.Section != percpu {
		return nil, nil
	}
	return []finding.Finding{{
		Message:  "a livepatch table is in " + percpu,
		Location: at,
		Kernel:   crashes("the kernel uses a per-CPU offset as a pointer"),
	}}, nil
})
