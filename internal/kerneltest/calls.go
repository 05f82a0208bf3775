package kerneltest

import (
	"fmt"
	"strings"
)

// The results of replacements that the guest tells from those of the originals.
const (
	entryMark = 1001 + iota
	bodyMark
	bothMark // the first of two; the second has the next
	_
	unameMark
	noStatfs = -117 // EUCLEAN
)

// calls adds livepatches whose replacements run when the guest calls: what the
// kernel takes for one function, what keeps the old code, and what comes back.
func (s *Suite) calls() {
	const syscall = "static noinline long %s(const struct pt_regs *regs)\n{\n\treturn %d;\n}\n\n"
	getpid := func(name string, replace bool, funcs ...string) {
		var b strings.Builder
		var list []string
		mark := map[string]int{"klp_calls_entry": entryMark, "klp_calls_next_entry": entryMark, "klp_calls_both": bothMark}[name]
		if mark == 0 {
			mark = bodyMark
		}
		for i, f := range funcs {
			fmt.Fprintf(&b, syscall, "new_"+f, mark+i)
			list = append(list, f)
		}
		s.callable(name, replace, b.String(), "", list...)
	}
	getpid("klp_calls_entry", false, "__x64_sys_getpid")
	getpid("klp_calls_body", false, "__do_sys_getpid")
	getpid("klp_calls_both", false, "__x64_sys_getpid", "__do_sys_getpid")
	getpid("klp_calls_next_entry", true, "__x64_sys_getpid")
	getpid("klp_calls_next_body", true, "__do_sys_getpid")
	s.callable("klp_calls_twin", false, fmt.Sprintf(syscall, "new___x64_sys_newuname", unameMark), "", "__x64_sys_newuname")
	s.callable("klp_calls_clone", false,
		fmt.Sprintf("static noinline int new_vfs_statfs(const struct path *path, void *buf)\n{\n\treturn %d;\n}\n\n", noStatfs), "", "vfs_statfs")
	// Bounded: a replacement that always called it would never return.
	s.callable("klp_calls_back", false, `static int depth, back;

static noinline void new_seq_putc(struct seq_file *m, char c)
{
	if (depth)
		back++;
	if (depth < 3) {
		depth++;
		seq_putc(m, c);
		depth--;
	} else if (m->count < m->size) {
		m->buf[m->count++] = c;
	}
}

`, `pr_info("klp_calls: %s\n", back ? "came back" : "ran the old code");`, "seq_putc")
	// The same by each way that KLP216 follows, one after the other, from its first call on.
	s.callable("klp_calls_ways", false, `#include <asm/alternative.h>
#include <asm/cpufeature.h>

static void (*volatile variable)(struct seq_file *m, char c) = seq_putc;

static const struct {
	int (*write)(struct seq_file *m, const void *data, size_t len);
	void (*put)(struct seq_file *m, char c);
} constant = {
	.write = seq_write,
	.put = seq_putc,
};

static int way, back;

static noinline void helper(struct seq_file *m, char c)
{
	seq_putc(m, c);
	barrier();
}

static noinline void new_seq_putc(struct seq_file *m, char c)
{
	void (*held)(struct seq_file *m, char c) = seq_putc;
	void (*volatile stacked)(struct seq_file *m, char c) = seq_putc;
	typeof(constant) *table = &constant;

	if (way) {
		back |= 1 << way;
		return;
	}
	OPTIMIZER_HIDE_VAR(held);
	OPTIMIZER_HIDE_VAR(table);
	way = 1;
	held(m, c);
	way = 2;
	stacked(m, c);
	way = 3;
	variable(m, c);
	way = 4;
	table->put(m, c);
	way = 5;
	helper(m, c);
	way = 6;
	asm volatile(ALTERNATIVE("", "call seq_putc", X86_FEATURE_FPU) : ASM_CALL_CONSTRAINT, "+D" (m) : "S" ((long)c)
		     : "memory", "cc", "rax", "rcx", "rdx", "r8", "r9", "r10", "r11");
	way = 0;
	if (m->count < m->size)
		m->buf[m->count++] = c;
}

`, `pr_info("klp_calls: came back by %x\n", back);`, "seq_putc")
	// The thread has begun long before, and nothing begins it again.
	s.callable("klp_calls_thread", false, "static noinline int new_kauditd_thread(void *unused)\n{\n\treturn 0;\n}\n\n", "", "kauditd_thread")
	s.callable("klp_calls_harmless", false, "static noinline int new_version_proc_show(struct seq_file *m, void *v)\n{\n\treturn 0;\n}\n\n", "", "version_proc_show")

	for name, steps := range map[string][]string{
		"calls_aliases_stacked":   {"load klp_calls_entry", "load klp_calls_body", "disable klp_calls_body"},
		"calls_aliases_in_one":    {"load klp_calls_both"},
		"calls_aliases_successor": {"load klp_calls_next_entry", "load klp_calls_next_body"},
		"calls_twin":              {"load klp_calls_twin"},
		"calls_clone":             {"load klp_calls_clone"},
		"calls_back":              {"load klp_calls_back", "disable klp_calls_back", "unload klp_calls_back"},
		"calls_ways":              {"load klp_calls_ways", "disable klp_calls_ways", "unload klp_calls_ways"},
		"calls_thread":            {"hold klp_calls_harmless", "disable klp_calls_harmless", "hold klp_calls_thread"},
	} {
		s.scenario(name, steps...)
		s.Scenarios[len(s.Scenarios)-1].Calls = true
	}
	sortScenarios(s.Scenarios)
}

// callable adds a livepatch of functions of vmlinux with its own C: code holds
// the replacements, each called new_ and the name; exit runs when it is unloaded.
func (s *Suite) callable(name string, replace bool, code, exit string, funcs ...string) {
	var b strings.Builder
	b.WriteString("// SPDX-License-Identifier: GPL-2.0\n#include <linux/module.h>\n#include <linux/livepatch.h>\n#include <linux/ptrace.h>\n#include <linux/seq_file.h>\n\n")
	b.WriteString(code)
	b.WriteString("static struct klp_func funcs[] = {\n")
	for _, f := range funcs {
		fmt.Fprintf(&b, "\t{ .old_name = %q, .new_func = new_%s },\n", f, f)
	}
	fmt.Fprintf(&b, `	{ }
};

static struct klp_object objects[] = {
	{ .funcs = funcs },
	{ }
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objects,
	.replace = %t,
};

static int __init start(void)
{
	return klp_enable_patch(&patch);
}

static void __exit stop(void)
{
	%s
}

module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
`, replace, exit)
	s.Modules[name] = Module{Name: name, C: b.String()}
}
