package rules

import (
	"fmt"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp105 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"module", "load", "silent"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP105",
		Doc: `invalid object name

An object's name is compared byte for byte with the names of loaded modules
(kernel/livepatch/core.c: klp_find_object_module, klp_module_coming), in which
Kbuild has turned '-' and ',' into '_' (scripts/Makefile.lib: name-fix) and which
have no ".ko". A name that differs is legal: the patch loads, no module of that name
is ever loaded, and the object is silently never patched. The same goes for the
string "vmlinux" in static tables, where a NULL name stands for the kernel image.

The livepatch's own name is that of a loaded module too: its funcs are looked up in
itself.

A name of MODULE_NAME_LEN bytes or more, its NUL included (56 on 64-bit
kernels), is refused (klp_init_object), an empty one too (lib/kobject.c:
kobject_add_internal).

Fix: write the module's name as lsmod shows it; leave .name out for the kernel
image.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		if o.Null {
			continue
		}
		if lost := notInItself(m, o); lost != nil && !c.full() {
			c.add(finding.Finding{
				Message: "the object is the livepatch itself, which has no symbol " + show(lost.Name),
				Object:  o.Name, Func: lost.Name, Location: o.At,
				Kernel: refused("EINVAL", "symbol '"+names.Cut(lost.Name)+"' not found in symbol table"),
			})
			continue
		}
		if finding, bad := judgeObjectName(o); bad && !c.full() {
			finding.Object, finding.Location = o.Name, o.At
			c.add(finding)
		}
	}
	return c.findings(), nil
})

// notInItself returns the first func of an object that is the livepatch itself and
// that the livepatch has no symbol of; nil for all other objects.
func notInItself(m *klp.Module, o *klp.Object) *klp.Func {
	if o.Name == "" || o.Name != m.StructName {
		return nil
	}
	for i := range o.Funcs {
		if f := &o.Funcs[i]; !f.InItself && f.Name != "" {
			return f
		}
	}
	return nil
}

func judgeObjectName(o *klp.Object) (finding.Finding, bool) {
	const neverPatched = "no module of this name is ever loaded, and the object is never patched"
	switch name := o.Name; {
	case o.Literal:
		return finding.Finding{
			Message: `the object's name is the string "vmlinux"; the kernel image has the name NULL`,
			Kernel:  accepted(neverPatched),
		}, true
	case name == "":
		return finding.Finding{
			Message: "object has an empty name",
			Kernel:  refused("EINVAL", "attempted to be registered with empty name!"),
		}, true
	case len(name) >= klp.ModuleNameLen:
		return finding.Finding{
			Message: fmt.Sprintf("object name %s is %d bytes long, the kernel accepts at most %d",
				names.Cut(name), len(name), klp.ModuleNameLen-1),
			Kernel: refused("EINVAL", ""),
		}, true
	case strings.ContainsAny(name, "-,./"):
		message := fmt.Sprintf("object name %s is not a module name", name)
		if proper := properName(name); proper != "" {
			message += "; use " + proper
		}
		return finding.Finding{Message: message, Kernel: accepted(neverPatched)}, true
	}
	return finding.Finding{}, false
}

// moduleChars replaces what modpost replaces in the names of modules.
var moduleChars = strings.NewReplacer("-", "_", ",", "_", ".", "_")

// properName is the module name that was probably meant; "" where none is
// left.
func properName(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	name, _, _ = strings.Cut(name, ".ko")
	return moduleChars.Replace(name)
}
