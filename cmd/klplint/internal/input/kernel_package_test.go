package input

import "testing"

func TestKernelFile(t *testing.T) {
	for member, want := range map[string]string{
		"boot/vmlinuz-6.12.0":                         "boot/vmlinuz-6.12.0",
		"boot/config-6.12.0":                          "boot/config-6.12.0",
		"boot/grub/fonts/x.pf2":                       "",
		"lib/modules/6.12.0/kernel/fs/xfs/xfs.ko.xz":  "lib/modules/6.12.0/kernel/fs/xfs/xfs.ko.xz",
		"lib/modules/6.12.0/modules.builtin":          "lib/modules/6.12.0/modules.builtin",
		"lib/firmware/amdgpu/x.bin":                   "",
		"lib/firmware/vmlinux.bin":                    "",
		"usr/lib/modules/7.3.4/vmlinuz":               "usr/lib/modules/7.3.4/vmlinuz",
		"usr/lib/modules/7.3.4/System.map":            "usr/lib/modules/7.3.4/System.map",
		"usr/share/doc/vmlinux.txt":                   "",
		"usr/src/linux-headers-7.3.4/Module.symvers":  "usr/src/linux-headers-7.3.4/Module.symvers",
		"usr/src/linux-headers-7.3.4/include/linux.h": "",
		"usr/lib/debug/boot/vmlinux-6.12.0":           "boot/vmlinux-6.12.0",
		"usr/lib/debug/boot/System.map-6.12.0":        "boot/System.map-6.12.0",
		"usr/lib/debug/lib/modules/6.12.0/vmlinux":    "lib/modules/6.12.0/vmlinux",
		// Modules with debugging data have the symbols of those without.
		"usr/lib/debug/lib/modules/6.12.0/kernel/fs/xfs/xfs.ko": "",
		"usr/lib/debug/.dwz/x86_64/kernel":                      "",
	} {
		if got := kernelFile(member); got != want {
			t.Errorf("%s: %q, want %q", member, got, want)
		}
	}
}
