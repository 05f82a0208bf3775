package elfread

import (
	"strings"
	"testing"
)

// The names, and what kernel/livepatch/core.c's sscanf patterns make of them.
var klpSymNames = []struct {
	raw, object, name string
	sympos            uint64
	bad               string // a part of why it is malformed
}{
	{".klp.sym.vmlinux.printk,0", "vmlinux", "printk", 0, ""},
	{".klp.sym.ext4.ext4_iget,2", "ext4", "ext4_iget", 2, ""},
	{".klp.sym.vmlinux.copy_process.part.8,1", "vmlinux", "copy_process.part.8", 1, ""},
	{".klp.sym.vmlinux.f,1junk", "vmlinux", "f", 1, ""},
	{".klp.sym.vmlinux.f, 3", "vmlinux", "f", 3, ""},
	{".klp.sym.vmlinux.f", "", "", 0, "no comma"},
	{".klp.sym.vmlinux.f,", "", "", 0, "no number"},
	{".klp.sym.vmlinux.f,x", "", "", 0, "no number"},
	{".klp.sym.vmlinux.f,-1", "", "", 0, "no number"},
	{".klp.sym.vmlinux.f,99999999999999999999", "", "", 0, "64 bits"},
	{".klp.sym.vmlinux.,1", "", "", 0, "name is empty"},
	{".klp.sym..f,1", "", "", 0, "object name is empty"},
	{".klp.sym.xxxx-xxxx,1", "", "", 0, "no dot"},
	{".klp.sym." + strings.Repeat("o", 55) + ".f,1", strings.Repeat("o", 55), "f", 1, ""},
	{".klp.sym." + strings.Repeat("o", 56) + ".f,1", "", "", 0, "56 bytes"},
	{".klp.sym.vmlinux." + strings.Repeat("f", 511) + ",1", "vmlinux", strings.Repeat("f", 511), 1, ""},
	{".klp.sym.vmlinux." + strings.Repeat("f", 512) + ",1", "", "", 0, "512 bytes"},
	{".klp.rela.vmlinux.f,1", "", "", 0, "does not start"},
}

func TestParseKlpSym(t *testing.T) {
	for _, tc := range klpSymNames {
		object, name, sympos, bad := parseKlpSym(tc.raw, symbolWidth)
		if object != tc.object || name != tc.name || sympos != tc.sympos || (bad == "") != (tc.bad == "") || !strings.Contains(bad, tc.bad) {
			t.Errorf("%s: %q %q %d %q", tc.raw, object, name, sympos, bad)
		}
	}
	if _, _, _, bad := parseKlpSym(".klp.sym.vmlinux."+strings.Repeat("f", 128)+",1", symbolWidthOld); bad == "" {
		t.Error("128 bytes fit before 6.1")
	}
}

func TestParseKlpRela(t *testing.T) {
	for _, tc := range []struct{ raw, object, target, bad string }{
		{".klp.rela.vmlinux..text", "vmlinux", ".text", ""},
		{".klp.rela.vmlinux..text.foo", "vmlinux", ".text.foo", ""},
		{".klp.rela.vmlinux.__jump_table", "vmlinux", "__jump_table", ""},
		{".klp.rela.ext4", "ext4", "", ""},
		{".klp.rela.", "", "", "empty"},
		{".klp.rela..text", "", "", "empty"},
		{".klp.rela." + strings.Repeat("o", 56) + "..text", "", "", "56 bytes"},
		{".rela.text", "", "", "does not start"},
	} {
		object, target, bad := parseKlpRela(tc.raw)
		if object != tc.object || target != tc.target || (bad == "") != (tc.bad == "") || !strings.Contains(bad, tc.bad) {
			t.Errorf("%s: %q %q %q", tc.raw, object, target, bad)
		}
	}
}
