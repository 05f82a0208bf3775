// Package plan reads plans, which say which modules are loaded, disabled and
// unloaded in which order, and runs them: the result is a Trace, which shows
// what a kernel answers to each step under one replace model, what is active
// then, and whose code runs.
//
// A plan is a YAML file. It may describe modules, so that nothing need be
// built to try semantics, or name built ones:
//
//	kernel: 6.12.111              # optional: how this release answers
//	symbols:                      # optional: all that an object has
//	  vmlinux: [cmdline_proc_show, label_show, label_show]
//	untraceable:                  # optional: names that ftrace cannot hook
//	  vmlinux: [exc_int3]
//	modules:
//	  - name: klp-1a              # a label; module: NAME sets the module's own name
//	    replace_sets: [1]         # or replace: true, or replace_set: 1 with supersedes: [2]
//	    funcs: [vmlinux:cmdline_proc_show, "ext4:ext4_iget,2"]
//	    states: [{id: 7, version: 2}]
//	  - name: ext4
//	    kind: target              # an ordinary module that livepatches patch
//	    funcs: [ext4_iget, ext4_iget]
//	  - name: klp-1b
//	    file: build/klp-1b.ko
//	steps:
//	  - load: klp-1a
//	  - {load: klp-1b, override: [7, 9]}
//	  - disable: klp-1b
//	  - unload: klp-1b
//
// A module may carry several of the replace fields: each model takes its own. A
// described module that carries none has the zero of whatever field the model
// is about, as in C; replace_param names the module parameter that sets replace,
// which the params of a load give. What struct klp_patch can hold beyond the short form, the
// long form can say: see [Parse].
//
// Reading is strict: unknown keys, wrong types, repeated keys, values out of
// range and a second document are errors with line and column.
package plan
