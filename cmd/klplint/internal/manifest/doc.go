// Package manifest reads and writes what a livepatch is meant to contain: its
// funcs and, in the JSON form, its states and its replace field.
//
// Three forms are read, told apart by their content:
//
//	# lines: object func[,sympos]; a line [NAME] begins the next module
//	[livepatch_sample]
//	vmlinux cmdline_proc_show
//	ext4 ext4_iget,2
//
//	# the lines of SUSE's patched_funcs.csv: object oldfunc[,sympos] newfunc [#if condition]
//	vmlinux __x64_sys_io_uring_setup klpp___x64_sys_io_uring_setup #if IS_ENABLED(CONFIG_IO_URING)
//
//	{"schema": 1, "modules": [{"name": "livepatch_sample",
//	  "replace": {"kind": "flag", "flag": false}, "states": [{"id": 7, "version": 2}],
//	  "funcs": [{"object": "vmlinux", "name": "cmdline_proc_show"}]}]}
//
// Lines without a module's name before them hold for every module.
package manifest
