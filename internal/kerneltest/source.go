package kerneltest

import (
	"fmt"
	"strings"

	"github.com/klplint/klplint/klp"
)

// procShow names the funcs of the kernel image that print one file of /proc
// and take (struct seq_file *, void *): a patched one can be called by reading
// the file, and so says who owns it.
var procShow = map[string]string{
	"cmdline_proc_show":     "/proc/cmdline",
	"version_proc_show":     "/proc/version",
	"uptime_proc_show":      "/proc/uptime",
	"loadavg_proc_show":     "/proc/loadavg",
	"meminfo_proc_show":     "/proc/meminfo",
	"filesystems_proc_show": "/proc/filesystems",
	"show_softirqs":         "/proc/softirqs",
}

// The functions of small/label.c of which one calls the other: what the called one
// prints is the first line of the caller's file, /proc/klp_direct_N for position N.
const (
	directCaller = klp.VmlinuxObjectName + ":klp_direct_show"
	directCallee = klp.VmlinuxObjectName + ":klp_direct_put"
)

// source returns the C of a described module.
func (m *Module) source() string {
	if m.C != "" {
		return m.C
	}
	if m.Kind == "target" {
		return m.targetSource()
	}
	return m.patchSource()
}

// targetSource writes an ordinary module whose funcs each answer a file of /proc.
func (m *Module) targetSource() string {
	var b strings.Builder
	b.WriteString(`// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

`)
	var create, remove strings.Builder
	for _, name := range m.Targets {
		fmt.Fprintf(&b, "static noinline int %s(struct seq_file *m, void *v)\n{\n\tseq_puts(m, \"original\\n\");\n\treturn 0;\n}\n\n", name)
		fmt.Fprintf(&create, "\tproc_create_single(%q, 0444, NULL, %s);\n", name, name)
		fmt.Fprintf(&remove, "\tremove_proc_entry(%q, NULL);\n", name)
	}
	fmt.Fprintf(&b, "static int __init start(void)\n{\n%s\treturn 0;\n}\n\n", create.String())
	fmt.Fprintf(&b, "static void __exit stop(void)\n{\n%s}\n\nmodule_init(start);\nmodule_exit(stop);\nMODULE_LICENSE(\"GPL\");\n", remove.String())
	return b.String()
}

// patchSource writes a livepatch with static tables.
func (m *Module) patchSource() string {
	var b strings.Builder
	b.WriteString(`// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <linux/livepatch.h>
#include <linux/seq_file.h>

`)
	objects := "NULL"
	if m.Objects != nil {
		objects = "objects"
		m.writeObjects(&b)
	}
	states := "NULL"
	if m.States != nil {
		states = "states"
		b.WriteString("static struct klp_state states[] = {\n")
		for _, s := range *m.States {
			fmt.Fprintf(&b, "\t{ .id = %dUL, .version = %dU },\n", s.ID, s.Version)
		}
		b.WriteString("\t{ }\n};\n\n")
	}
	owner := "THIS_MODULE"
	if m.ModNull {
		owner = "NULL"
	}
	fmt.Fprintf(&b, "static struct klp_patch patch = {\n\t.mod = %s,\n\t.objs = %s,\n\t.states = %s,\n\t.replace = %t,\n};\n\n", owner, objects, states, m.Replace)
	argument := "&patch"
	if m.PatchNull {
		argument = "NULL"
	}
	m.writeInit(&b, argument)
	b.WriteString("MODULE_LICENSE(\"GPL\");\n")
	if m.Livepatch {
		b.WriteString("MODULE_INFO(livepatch, \"Y\");\n")
	}
	return b.String()
}

// writeInit writes the init function, which calls klp_enable_patch() as often
// as the description says.
func (m *Module) writeInit(b *strings.Builder, argument string) {
	b.WriteString("static int __init start(void)\n{\n\tint err = 0;\n\n")
	calls := m.Enables
	if calls == 0 {
		calls = 1
	}
	for range calls {
		fmt.Fprintf(b, "\terr = klp_enable_patch(%s);\n\tif (err)\n\t\treturn err;\n", argument)
	}
	if calls < 0 {
		b.WriteString("\tif (!READ_ONCE(patch.mod))\n\t\terr = -EINVAL;\n")
	}
	b.WriteString("\treturn err;\n}\n\nstatic void __exit stop(void)\n{\n}\n\nmodule_init(start);\nmodule_exit(stop);\n")
}

// writeObjects writes the replacement functions and the tables.
func (m *Module) writeObjects(b *strings.Builder) {
	for i, object := range *m.Objects {
		if object.Callbacks {
			result := "0"
			if m.fails() {
				result = "-ENODEV"
			}
			fmt.Fprintf(b, "static int pre_patch_%d(struct klp_object *obj)\n{\n\treturn %s;\n}\n\n", i, result)
			fmt.Fprintf(b, "static void post_unpatch_%d(struct klp_object *obj)\n{\n}\n\n", i)
		}
		if object.Funcs == nil {
			continue
		}
		for j, f := range *object.Funcs {
			if f.NewNull {
				continue
			}
			fmt.Fprintf(b, "static noinline int repl_%d_%d(struct seq_file *m, void *v)\n{\n\tseq_puts(m, \"klp:%s\\n\");\n\treturn 0;\n}\n\n", i, j, m.Name)
		}
		fmt.Fprintf(b, "static struct klp_func funcs_%d[] = {\n", i)
		for j, f := range *object.Funcs {
			b.WriteString("\t{ ")
			if f.Name != nil {
				fmt.Fprintf(b, ".old_name = %q, ", *f.Name)
			}
			if !f.NewNull {
				fmt.Fprintf(b, ".new_func = repl_%d_%d, ", i, j)
			}
			if f.Sympos != 0 {
				fmt.Fprintf(b, ".old_sympos = %d, ", f.Sympos)
			}
			b.WriteString("},\n")
		}
		b.WriteString("\t{ }\n};\n\n")
	}
	b.WriteString("static struct klp_object objects[] = {\n")
	for i, object := range *m.Objects {
		b.WriteString("\t{ ")
		if object.Name != nil {
			fmt.Fprintf(b, ".name = %q, ", *object.Name)
		}
		if object.Funcs != nil {
			fmt.Fprintf(b, ".funcs = funcs_%d, ", i)
		}
		if object.Callbacks {
			fmt.Fprintf(b, ".callbacks = { .pre_patch = pre_patch_%d, .post_unpatch = post_unpatch_%d }, ", i, i)
		}
		b.WriteString("},\n")
	}
	b.WriteString("\t{ }\n};\n\n")
}
