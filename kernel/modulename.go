package kernel

import (
	"bytes"
	"os"
	"path/filepath"
)

// ModuleName says whether a module's name is taken: builtin where /sys/module
// has it from the start, which is so for what is built in and has parameters or
// a version (kernel/params.c: param_sysfs_builtin, version_sysfs_builtin),
// loadable where one of the kernel's modules has it. Known is false without the
// folder of modules.
func (k *Kernel) ModuleName(name string) (builtin, loadable, known bool) {
	if k.modules == nil {
		return false, false, false
	}
	k.modules.namesOnce.Do(k.modules.readBuiltinNames)
	_, loadable = k.modules.paths[name]
	return k.modules.inSysfs[name], loadable, true
}

// maxBuiltinModinfo bounds modules.builtin.modinfo; distributions have 1.5 MiB.
const maxBuiltinModinfo = 32 << 20

// readBuiltinNames reads modules.builtin.modinfo: strings of the form
// NAME.KEY=VALUE. A folder without it knows no such names.
func (t *moduleTree) readBuiltinNames() {
	// Parameters without a prefix have the folder "kernel" (param_sysfs_builtin).
	t.inSysfs = map[string]bool{"kernel": true}
	for _, root := range t.roots {
		path := filepath.Join(root, "modules.builtin.modinfo")
		if info, err := os.Stat(path); err != nil || info.Size() > maxBuiltinModinfo {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for _, entry := range bytes.Split(data, []byte{0}) {
			name, rest, _ := bytes.Cut(entry, []byte{'.'})
			if key, _, found := bytes.Cut(rest, []byte{'='}); found && (string(key) == "parmtype" || string(key) == "version") {
				t.inSysfs[string(name)] = true
			}
		}
	}
}
