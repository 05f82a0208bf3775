package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp104 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Also:     []finding.Severity{finding.Warning},
	Since:    "0.1",
	Tags:     []string{"module", "load", "crash"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP104",
		Doc: `invalid klp_func entry

klp_init_func() refuses a func without a name, without a replacement, or with a name
of KSYM_NAME_LEN bytes or more, its NUL included: 128 before 6.1, 512 since
(kernel/livepatch/core.c: klp_init_func; include/linux/kallsyms.h). An empty name is
found in no symbol table. The kernel walks the array until name, replacement and
sympos are all zero (include/linux/livepatch.h: klp_for_each_func_static), so an
entry that has only a sympos does not end it.

A NULL name is worse in a patch that replaces others: 6.1 to 7.2 look the name up in
the installed patches before they check it, and oops (klp_add_nops, klp_find_func),
except on s390x, where address 0 is readable; 7.3 checks it first (klp_check_patch).

Fix: give every entry .old_name and .new_func, and end the array with an entry
of zeros.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		for j := range o.Funcs {
			f := &o.Funcs[j]
			if !f.NameNull && f.Name != "" && !f.New.Null && len(f.Name) < shortestNameLimit {
				continue
			}
			if finding, bad := judgeFunc(m, o, f, j); bad && !c.full() {
				finding.Object, finding.Func, finding.Location = o.Name, funcName(f), f.At
				c.add(finding)
			}
		}
	}
	return c.findings(), nil
})

// shortestNameLimit is the smallest KSYM_NAME_LEN of any release: names below
// it need no look at the release.
const shortestNameLimit = 128

// longestNameLimit is the largest KSYM_NAME_LEN: no kernel takes a name of so many bytes.
const longestNameLimit = 512

// judgeFunc looks at one func in the kernel's order of checks: name,
// replacement, length.
func judgeFunc(m *klp.Module, o *klp.Object, f *klp.Func, index int) (finding.Finding, bool) {
	switch {
	case f.NameNull:
		message := fmt.Sprintf("func %d of %s has a NULL name", index+1, names.Cut(o.Name))
		if f.New.Null && f.Sympos != 0 {
			message = fmt.Sprintf("func %d of %s has only a sympos (%d): it does not terminate the array",
				index+1, names.Cut(o.Name), f.Sympos)
		}
		return finding.Finding{Message: message, Kernel: nullNameAnswer(m)}, true
	case f.Name == "":
		return finding.Finding{
			Message: fmt.Sprintf("func %d of %s has an empty name", index+1, names.Cut(o.Name)),
			Kernel:  refused("EINVAL", "symbol '' not found in symbol table"),
		}, true
	case f.New.Null:
		return finding.Finding{
			Message: fmt.Sprintf("%s has no replacement: new_func is NULL", patched(o, f)),
			Kernel:  refused("EINVAL", ""),
		}, true
	}
	return judgeNameLength(m, o, f)
}

func judgeNameLength(m *klp.Module, o *klp.Object, f *klp.Func) (finding.Finding, bool) {
	limit := behaviourOf(m).KsymNameLen
	switch {
	case limit == 0 && len(f.Name) >= longestNameLimit:
		limit = longestNameLimit
	case limit == 0 && len(f.Name) >= shortestNameLimit:
		return finding.Finding{
			Severity: finding.Warning,
			Message: fmt.Sprintf("%s: the name is %d bytes long; kernels before 6.1 accept at most %d, and this kernel's release is not known",
				patched(o, f), len(f.Name), shortestNameLimit-1),
			Kernel: noted(refused("EINVAL", ""), "on kernels before 6.1"),
		}, true
	}
	if limit == 0 || len(f.Name) < limit {
		return finding.Finding{}, false
	}
	return finding.Finding{
		Message: fmt.Sprintf("%s: the name is %d bytes long, this kernel accepts at most %d", patched(o, f), len(f.Name), limit-1),
		Kernel:  refused("EINVAL", ""),
	}, true
}

// nullNameAnswer is what a NULL name does: refused by all, but some kernels do
// not live to refuse it when the patch may replace another.
func nullNameAnswer(m *klp.Module) *finding.Answer {
	r := &m.Replace
	if m.Arch == klp.S390X { // address 0 can be read there
		return refused("EINVAL", "")
	}
	if r.Known() && r.Kind == klp.KindFlag && !r.Flag {
		return refused("EINVAL", "")
	}
	switch behaviourOf(m).NullNameCrashes {
	case klp.Yes:
		return noted(refused("EINVAL", ""), "while another livepatch is active, this kernel oopses instead (klp_find_func)")
	case klp.Unknown:
		return noted(refused("EINVAL", ""), "while another livepatch is active, kernels from 6.1 to 7.2 oops instead (klp_find_func)")
	}
	return refused("EINVAL", "")
}
