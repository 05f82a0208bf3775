package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/internal/symbolname"
	"github.com/klplint/klplint/klp"
)

var klp111 = moduleRule(&Rule{
	Severity: Error,
	Since:    "0.1",
	Tags:     []string{"module", "crash"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP111",
		Doc: `livepatch tables are freed after load

klp_enable_patch() keeps the structures it is given: they join the kernel's lists
and hold its kobjects (kernel/livepatch/core.c: klp_init_patch). Sections called
.init.* are freed when the module's init function has returned
(kernel/module/main.c: do_init_module), and the kernel then works on memory that
belongs to somebody else. Only klp-build's tables may lie there: its init code
copies them first (scripts/livepatch/init.c).

Fix: take __initdata or __initconst from the tables.`,
	},
}, func(m *klp.Module) []Finding {
	if m.Toolchain != klp.Static {
		return nil
	}
	var c collector
	check := func(at klp.Location, object, what string) {
		if !inInit(at) || c.full() {
			return
		}
		if object != "" {
			what += " of object " + symbolname.Cut(object)
		}
		c.add(Finding{
			Message:  fmt.Sprintf("%s is in %s, which is freed after load", what, symbolname.Cut(at.Section)),
			Object:   object,
			Location: at,
			Kernel:   accepted("the kernel goes on using freed memory"),
		})
	}
	p := &m.Patch
	check(p.At, "", "struct klp_patch")
	check(p.StatesAt, "", "the array of states")
	for i := range p.Objects {
		o := &p.Objects[i]
		if i == 0 {
			check(o.At, "", "the array of objects")
		}
		if !o.FuncsNull {
			check(o.FuncsAt, o.Name, "the array of funcs")
		}
	}
	return c.findings()
})
