package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp107 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"module", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP107",
		Doc: `func is listed twice in one object

Each func of an object becomes a directory in sysfs, named after the func and its
position, and the second of one name cannot be created (kernel/livepatch/core.c:
klp_init_func). The sympos values 0 and 1 give the same position: 0 means "unique",
1 "the first". The init function fails with -EEXIST; releases differ in what insmod
sees of it (kernel/module/main.c: do_init_module).

Two names can be one function (on x86_64 the entries of a system call without
parameters, and its body): with a kernel (--kernel) that is found, too. Both get a
directory, and the replacement of the one listed last runs alone, if the transition
ends at all: on s390x and ppc64le 7.2 it did not, on x86_64 6.12 it did and did not
(kernel/livepatch/transition.c: klp_check_stack_func).

Fix: keep one entry a func. Where two static functions share the name, give each
its own sympos ("klplint kernel PATH --lookup OBJECT:FUNC" lists the positions).`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	type key struct {
		name     string
		position uint64
	}
	var c collector
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		duplicates(len(o.Funcs), func(j int) (key, bool) {
			f := &o.Funcs[j]
			return key{sysfsName(f.Name), f.Position()}, f.Name == ""
		}, func(first, j int) {
			if c.full() {
				return
			}
			f := &o.Funcs[j]
			message := patched(o, f) + " is listed twice"
			switch a, b := &o.Funcs[first], f; {
			case a.Name != b.Name:
				message = fmt.Sprintf("%s and %s have the same name in sysfs, which replaces '/' by '!'", patched(o, a), patched(o, b))
			case a.Sympos != b.Sympos:
				message += fmt.Sprintf(": sympos %d and %d are the same position", a.Sympos, b.Sympos)
			}
			c.add(finding.Finding{
				Message:  message,
				Object:   o.Name,
				Func:     funcName(f),
				Location: f.At,
				Kernel: initEEXIST(m, fmt.Sprintf("sysfs: cannot create duplicate filename '/kernel/livepatch/%s/%s/%s,%d'",
					names.Cut(m.Name), sysfsName(names.Cut(o.Name)), sysfsName(names.Cut(f.Name)), f.Position())),
				Related: []finding.Related{{Module: m.Path, Message: "first occurrence", Location: o.Funcs[first].At}},
			})
		})
		oneCodeTwice(m, o, &c)
	}
	return c.findings(), nil
})

// oneCodeTwice adds the funcs of an object that are one function of the kernel
// by different names.
func oneCodeTwice(m *klp.Module, o *klp.Object, c *collector) {
	type code struct {
		name     string
		position uint64
	}
	duplicates(len(o.Funcs), func(j int) (code, bool) {
		f := &o.Funcs[j]
		name, position := f.Code()
		return code{name, position}, f.Name == ""
	}, func(first, j int) {
		a, b := &o.Funcs[first], &o.Funcs[j]
		if c.full() || a.Name == b.Name && a.Position() == b.Position() {
			return
		}
		c.add(finding.Finding{
			Message:  fmt.Sprintf("%s is the same code as %s, which is listed too", patched(o, b), patched(o, a)),
			Object:   o.Name,
			Func:     funcName(b),
			Location: b.At,
			Kernel:   accepted("the replacement that is listed last runs, the other never does"),
			Related:  []finding.Related{{Module: m.Path, Message: "the first one", Location: a.At}},
		})
	})
}
