package kerneltest

import (
	"fmt"
	"strings"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace/plan"
)

// Targets of the plans that do more than be there.
const (
	busyTarget   = "test_klp_callbacks_busy"
	probeTarget  = "test_klp_kprobe"
	procTarget   = "test_klp_mod_target"
	shadowTarget = "test_klp_shadow_vars"
)

// planSource writes the C of a module that a plan describes. What its code says, in
// the log or in a file of /proc, begins with the mark that guest/plan.c looks for.
func planSource(m *plan.Module) (string, error) {
	if m.Kind == plan.KindTarget {
		body, ok := targetBodies[m.Name]
		if !ok {
			body = emptyBody
		}
		return planHead + body + planTail, nil
	}
	var b strings.Builder
	b.WriteString(planHead)
	if m.ReplaceParam != "" {
		fmt.Fprintf(&b, "static int %s;\nmodule_param(%s, int, 0644);\n\n", m.ReplaceParam, m.ReplaceParam)
	}
	b.WriteString(callbackBodies)
	for i := range m.Klp.Patch.Objects {
		if err := planFuncs(&b, i, &m.Klp.Patch.Objects[i]); err != nil {
			return "", fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	b.WriteString("static struct klp_object objects[] = {\n")
	for i := range m.Klp.Patch.Objects {
		o := &m.Klp.Patch.Objects[i]
		fmt.Fprintf(&b, "\t{ .funcs = funcs_%d,", i)
		if !o.Null {
			fmt.Fprintf(&b, " .name = %q,", o.Name)
		}
		if len(o.Callbacks) > 0 {
			b.WriteString(" .callbacks = { .pre_patch = pre_patch, .post_patch = post_patch, .pre_unpatch = pre_unpatch, .post_unpatch = post_unpatch },")
		}
		b.WriteString(" },\n")
	}
	b.WriteString("\t{ }\n};\n\n")
	states := ""
	if m.Klp.Patch.HasStates {
		states = "\t.states = states,\n"
		b.WriteString("static struct klp_state states[] = {\n")
		for _, s := range m.Klp.Patch.States {
			fmt.Fprintf(&b, "\t{ .id = %d, .version = %d },\n", s.ID, s.Version)
		}
		b.WriteString("\t{ }\n};\n\n")
	}
	replaces := ""
	for _, f := range m.Fields {
		if f.Kind == klp.KindFlag && f.Flag {
			replaces = "\t.replace = true,\n"
		}
	}
	fmt.Fprintf(&b, "static struct klp_patch patch = {\n\t.mod = THIS_MODULE,\n\t.objs = objects,\n%s%s};\n\nstatic int __init start(void)\n{\n", states, replaces)
	if m.ReplaceParam != "" {
		fmt.Fprintf(&b, "\tpatch.replace = %s;\n", m.ReplaceParam)
	}
	b.WriteString("\treturn klp_enable_patch(&patch);\n}\n\nstatic void __exit stop(void)\n{\n}\n" + planTail + "MODULE_INFO(livepatch, \"Y\");\n")
	return b.String(), nil
}

// planFuncs writes the replacements of an object and their table.
func planFuncs(b *strings.Builder, at int, o *klp.Object) error {
	var table strings.Builder
	for _, f := range o.Funcs {
		var body string
		switch f.Name {
		case "cmdline_proc_show", "meminfo_proc_show", "test_klp_mod_target_show":
			body = "static int new_%s(struct seq_file *m, void *v)\n{\n\tseq_printf(m, MARK \"%%s\\n\", THIS_MODULE->name);\n\treturn 0;\n}\n\n"
		case "__x64_sys_getpid":
			body = "static asmlinkage long new_%s(const struct pt_regs *regs)\n{\n\treturn task_tgid_vnr(current);\n}\n\n"
		case "busymod_work_func":
			body = "static void new_%s(struct work_struct *work)\n{\n\tpr_debug(\"replaced\\n\");\n}\n\n"
		default:
			return fmt.Errorf("no replacement is known for %s", f.Name)
		}
		fmt.Fprintf(b, body, f.Name)
		fmt.Fprintf(&table, "\t{ .old_name = %q, .new_func = new_%s },\n", f.Name, f.Name)
	}
	fmt.Fprintf(b, "static struct klp_func funcs_%d[] = {\n%s\t{ }\n};\n\n", at, table.String())
	return nil
}

const planHead = `// SPDX-License-Identifier: GPL-2.0
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/workqueue.h>

#define MARK "klpplan: "

`

const planTail = `
module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a module of a plan");
`

const callbackBodies = `static int pre_patch_ret;
module_param(pre_patch_ret, int, 0644);

static const char *object_name(struct klp_object *o)
{
	return o->name ? o->name : "vmlinux";
}

static int __maybe_unused pre_patch(struct klp_object *o)
{
	printk(KERN_INFO MARK "pre_patch %s\n", object_name(o));
	return pre_patch_ret;
}

static void __maybe_unused post_patch(struct klp_object *o)
{
	printk(KERN_INFO MARK "post_patch %s\n", object_name(o));
}

static void __maybe_unused pre_unpatch(struct klp_object *o)
{
	printk(KERN_INFO MARK "pre_unpatch %s\n", object_name(o));
}

static void __maybe_unused post_unpatch(struct klp_object *o)
{
	printk(KERN_INFO MARK "post_unpatch %s\n", object_name(o));
}

`

const emptyBody = `static int __init start(void)
{
	return 0;
}

static void __exit stop(void)
{
}
`

var targetBodies = map[string]string{
	// A task sleeps in the func for as long as block is set.
	busyTarget: `static bool block;
module_param(block, bool, 0644);

static noinline void busymod_work_func(struct work_struct *work)
{
	while (READ_ONCE(block))
		msleep(20);
}

static DECLARE_WORK(work, busymod_work_func);

static int __init start(void)
{
	schedule_work(&work);
	msleep(200);
	return 0;
}

static void __exit stop(void)
{
	WRITE_ONCE(block, false);
	flush_work(&work);
}
`,
	// A kprobe at the start of a func, without a post handler.
	probeTarget: `static bool probe = true;
module_param(probe, bool, 0444);

static int on_entry(struct kprobe *p, struct pt_regs *regs)
{
	return 0;
}

static struct kprobe entry = { .symbol_name = "cmdline_proc_show", .pre_handler = on_entry };

static int __init start(void)
{
	return probe ? register_kprobe(&entry) : 0;
}

static void __exit stop(void)
{
	if (probe)
		unregister_kprobe(&entry);
}
`,
	procTarget: `static noinline int test_klp_mod_target_show(struct seq_file *m, void *v)
{
	seq_puts(m, "original\n");
	return 0;
}

static int __init start(void)
{
	return proc_create_single("test_klp_mod_target", 0444, NULL, test_klp_mod_target_show) ? 0 : -ENOMEM;
}

static void __exit stop(void)
{
	remove_proc_entry("test_klp_mod_target", NULL);
}
`,
	shadowTarget: `static int of_this, value = 7;

static int __init start(void)
{
	int *shadow = klp_shadow_alloc(&of_this, 1, sizeof(value), GFP_KERNEL, NULL, NULL);
	int err = 0;

	if (!shadow)
		return -ENOMEM;
	*shadow = value;
	if (klp_shadow_get(&of_this, 1) != shadow || klp_shadow_get(&of_this, 2) || klp_shadow_alloc(&of_this, 1, sizeof(value), GFP_KERNEL, NULL, NULL))
		err = -EINVAL;
	klp_shadow_free(&of_this, 1, NULL);
	if (klp_shadow_get(&of_this, 1))
		err = -EINVAL;
	return err;
}

static void __exit stop(void)
{
}
`,
}

const holderSource = planHead + `static char *symbol = "cmdline_proc_show";
module_param(symbol, charp, 0444);

static void after(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe entry = { .post_handler = after };

static int __init start(void)
{
	entry.symbol_name = symbol;
	return register_kprobe(&entry);
}

static void __exit stop(void)
{
	unregister_kprobe(&entry);
}
` + planTail
