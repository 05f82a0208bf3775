package kerneltest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// hookFiles are what kpatch-build links to each livepatch: the code that makes a
// klp_patch of the sections at load, what it includes, and the linker's script.
var hookFiles = []string{"livepatch-patch-hook.c", "kpatch-patch.h", "kpatch.lds.S"}

// Hooked returns scenarios of livepatches whose klp_patch is made at load, by
// kpatch's own hook (the files of the folder hook). numbered says that the kernel has
// the functions of small/label.c.
func Hooked(hook string, numbered bool) *Suite {
	s := &Suite{Model: "mainline", Modules: map[string]Module{}, Hook: hook}
	s.Modules["klp_target"] = Module{Name: "klp_target", Kind: "target", Targets: []string{"klp_target_one", "klp_target_two"}}
	add := func(name string, replace bool, objects ...Object) string {
		return s.change(s.add(name, replace, objects...), func(m *Module) { m.Hooked = true })
	}
	plain := add("k_plain", false, image("cmdline_proc_show", "version_proc_show"))
	replaces := add("k_replace", true, image("cmdline_proc_show", "uptime_proc_show"), module("klp_target", "klp_target_one"))
	absent := add("k_absent", false, module("klp_target", "klp_target_two"), image("loadavg_proc_show"))
	static := s.add("k_static", false, image("cmdline_proc_show"))
	staticR := s.add("k_static_r", true, image("version_proc_show"))
	callbacks := add("k_callbacks", false, Object{Funcs: parseFuncs([]string{"cmdline_proc_show"}), Callbacks: true})
	fails := add("cb_fail_hooked", false, Object{Funcs: parseFuncs([]string{"cmdline_proc_show"}), Callbacks: true})
	for _, key := range []string{
		plain, replaces, callbacks, fails,
		add("k_missing", true, image("no_such_function")),
		add("k_first", true, image("cmdline_proc_show,1")),
		add("k_beyond", true, image("cmdline_proc_show,2")),
		add("k_long_name", true, module(strings.Repeat("x", 60), "foo")),
	} {
		s.alone(key)
	}
	if numbered {
		s.alone(add("k_second", true, image("klp_direct_put,2")))
		s.alone(add("k_ambiguous", true, image("klp_direct_put")))
	}
	s.scenario("k_over_static", "load "+static, "load "+replaces, "load klp_target", "disable "+replaces, "load "+static)
	s.scenario("k_under_static", "load "+plain, "load "+static, "load "+staticR, "unload "+plain, "load "+plain)
	s.scenario("k_target_comes", "load "+absent, "load klp_target", "unload klp_target", "load klp_target", "disable "+absent)
	s.scenario("k_target_replaced", "load klp_target", "load "+absent, "load "+staticR, "unload klp_target")
	sortScenarios(s.Scenarios)
	return s
}

// hookedSource writes the functions and the sections of which the hook makes a
// livepatch. Where kpatch-build's create-diff-object writes the sections, C writes
// them here.
func (m *Module) hookedSource() string {
	var b strings.Builder
	b.WriteString("// SPDX-License-Identifier: GPL-2.0\n#include <linux/module.h>\n#include <linux/seq_file.h>\n#include \"kpatch-patch.h\"\n\n")
	text := func(name, value string) {
		fmt.Fprintf(&b, "static char %s[] __section(\".kpatch.strings\") __used = %q;\n", name, value)
	}
	for i, object := range *m.Objects {
		of := "vmlinux"
		if object.Name != nil {
			of = *object.Name
		}
		text(fmt.Sprintf("object_%d", i), of)
		if object.Callbacks {
			result := "0"
			if m.fails() {
				result = "-ENODEV"
			}
			fmt.Fprintf(&b, "static int pre_patch_%d(void *obj)\n{\n\treturn %s;\n}\n\nstatic void post_unpatch_%d(void *obj)\n{\n}\n\n", i, result, i)
			for _, kind := range []string{"pre_patch", "post_unpatch"} {
				fmt.Fprintf(&b, "static struct kpatch_%s_callback callback_%s_%d __section(\".kpatch.callbacks.%s\") __used __aligned(8) = {\n\t%s_%d, object_%d\n};\n\n", kind, kind, i, kind, kind, i, i)
			}
		}
		for j, f := range *object.Funcs {
			text(fmt.Sprintf("name_%d_%d", i, j), *f.Name)
			fmt.Fprintf(&b, "static noinline int repl_%d_%d(struct seq_file *m, void *v)\n{\n\tseq_puts(m, \"klp:%s\\n\");\n\treturn 0;\n}\n\n", i, j, m.Name)
			fmt.Fprintf(&b, "static struct kpatch_patch_func func_%d_%d __section(\".kpatch.funcs\") __used __aligned(8) = {\n", i, j)
			fmt.Fprintf(&b, "\t.new_addr = (unsigned long)repl_%d_%d, .sympos = %d, .name = name_%d_%d, .objname = object_%d,\n};\n\n", i, j, f.Sympos, i, j, i)
		}
	}
	return b.String()
}

// layHook puts what kpatch-build links to its livepatches into a build folder, and
// returns the lines of the makefile for all that is built there.
func (s *Suite) layHook(dir string) (string, error) {
	for _, name := range hookFiles {
		data, err := os.ReadFile(filepath.Join(s.Hook, name))
		if err != nil {
			return "", fmt.Errorf("kpatch's hook: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return "", err
		}
	}
	return "ldflags-y += -T $(obj)/kpatch.lds\ntargets += kpatch.lds\n", nil
}

// layHooked writes the sources of one livepatch that the hook makes, under the name
// that it is built as, and returns its lines of the makefile.
func layHooked(dir, name string, m *Module) (string, error) {
	if err := os.WriteFile(filepath.Join(dir, name+"_sections.c"), []byte(m.hookedSource()), 0o644); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, name+"_hook.c"), []byte("#include \"livepatch-patch-hook.c\"\n"), 0o644); err != nil {
		return "", err
	}
	return fmt.Sprintf("obj-m += %[1]s.o\n%[1]s-objs := %[1]s_hook.o %[1]s_sections.o\nCFLAGS_%[1]s_hook.o := -DKLP_REPLACE_ENABLE=%[2]t\n$(obj)/%[1]s.o: $(obj)/kpatch.lds\n", name, m.Replace), nil
}
