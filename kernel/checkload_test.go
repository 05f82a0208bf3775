package kernel

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/klp"
)

// loadable is a module that the synthetic kernel takes.
func loadable() *klp.Module {
	return &klp.Module{
		Name: "fix", Arch: klp.X86_64, ThisModuleSize: 1280,
		Modinfo:  klp.Modinfo{Present: true, Entries: []klp.ModinfoEntry{{Key: "livepatch", Value: "Y"}, {Key: "license", Value: "GPL"}}},
		Vermagic: klp.Vermagic{Raw: testVermagic, Release: testRelease},
		Sections: []klp.Section{{}, {Name: "__versions", Flags: 0x2}}, LayoutCRC: 0x5a5a1234, HasLayoutCRC: true,
		Imports: []klp.Import{{Name: "klp_enable_patch", HasCRC: true, CRC: 0x4139d4f8}, {Name: "_printk", HasCRC: true, CRC: 0x122c3a7e}},
	}
}

func TestCheckLoad(t *testing.T) {
	k := load(t, synthetic)
	type answer struct{ Errno, Message string }
	tests := []struct {
		name  string
		spoil func(*klp.Module)
		want  []answer
	}{
		{"sound", func(*klp.Module) {}, nil},
		{"other release, with CRCs", func(m *klp.Module) { m.Vermagic.Raw = "6.12.1 SMP preempt mod_unload modversions " }, nil},
		{"other release, without CRCs", func(m *klp.Module) {
			m.Sections = nil
			m.Vermagic.Raw = "6.12.1 SMP preempt mod_unload modversions "
		}, []answer{{"ENOEXEC", "fix: version magic '6.12.1 SMP preempt mod_unload modversions ' should be '" + testVermagic + "'"}}},
		{
			"other flags", func(m *klp.Module) { m.Vermagic.Raw = testRelease + " SMP mod_unload modversions " },
			[]answer{{"ENOEXEC", "fix: version magic '" + testRelease + " SMP mod_unload modversions ' should be '" + testVermagic + "'"}},
		},
		{
			"struct module", func(m *klp.Module) { m.ThisModuleSize = 1216 },
			[]answer{{"ENOEXEC", "module fix: .gnu.linkonce.this_module section size must match the kernel's built struct module size at run time"}},
		},
		{
			"not exported", func(m *klp.Module) { m.Imports = append(m.Imports, klp.Import{Name: "no_such"}) },
			[]answer{{"ENOENT", "fix: Unknown symbol no_such (err -2)"}},
		},
		{"not exported, weak", func(m *klp.Module) { m.Imports = append(m.Imports, klp.Import{Name: "no_such", Weak: true}) }, nil},
		{
			"other CRC", func(m *klp.Module) { m.Imports[0].CRC = 1 },
			[]answer{{"EINVAL", "fix: disagrees about version of symbol klp_enable_patch"}},
		},
		{
			"CRC of more than 32 bits", func(m *klp.Module) { m.Imports[0].CRC |= 1 << 32 },
			[]answer{{"EINVAL", "fix: disagrees about version of symbol klp_enable_patch"}},
		},
		{
			"other layout", func(m *klp.Module) { m.LayoutCRC = 1 },
			[]answer{{"ENOEXEC", "fix: disagrees about version of symbol module_layout"}},
		},
		{
			"layout of more than 32 bits", func(m *klp.Module) { m.LayoutCRC |= 1 << 32 },
			[]answer{{"ENOEXEC", "fix: disagrees about version of symbol module_layout"}},
		},
		{
			"not GPL", func(m *klp.Module) { m.Modinfo.Entries[1].Value = "Proprietary" },
			[]answer{{"ENOENT", "fix: Unknown symbol klp_enable_patch (err -2)"}},
		},
		{
			"namespace", func(m *klp.Module) { m.Imports = append(m.Imports, klp.Import{Name: "dma_buf_get"}) },
			[]answer{{"EINVAL", "fix: module uses symbol (dma_buf_get) from namespace DMA_BUF, but does not import it."}},
		},
		{"imported namespace", func(m *klp.Module) {
			m.Imports = append(m.Imports, klp.Import{Name: "dma_buf_get"})
			m.Modinfo.Entries = append(m.Modinfo.Entries, klp.ModinfoEntry{Key: "import_ns", Value: "DMA_BUF"})
		}, nil},
		{"for named modules", func(m *klp.Module) {
			m.Name = "klp_one"
			m.Imports = append(m.Imports, klp.Import{Name: "only_for_some"})
		}, nil},
		{
			"not for this module", func(m *klp.Module) { m.Imports = append(m.Imports, klp.Import{Name: "only_for_some"}) },
			[]answer{{"EINVAL", "fix: module uses symbol (only_for_some) from namespace module:friend,klp-*, but does not import it."}},
		},
		{"the last refused symbol decides", func(m *klp.Module) {
			m.Imports = []klp.Import{{Name: "no_such"}, {Name: "klp_enable_patch", HasCRC: true, CRC: 1}}
		}, []answer{{"EINVAL", "fix: disagrees about version of symbol klp_enable_patch"}, {"ENOENT", "fix: Unknown symbol no_such (err -2)"}}},
	}
	for _, tt := range tests {
		m := loadable()
		tt.spoil(m)
		var got []answer
		for _, r := range k.CheckLoad(m) {
			got = append(got, answer{r.Errno, r.Message})
			if r.Reason == "" {
				t.Errorf("%s: %s has no reason", tt.name, r.Errno)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Exports of modules are known from Module.symvers alone: with vmlinux's only,
// nothing can be called missing.
func TestUnknownImports(t *testing.T) {
	text := "0x4139d4f8\tklp_enable_patch\tvmlinux\tEXPORT_SYMBOL_GPL\t\n"
	k := load(t, writeFile(t, "Module.symvers", []byte(text)))
	m := loadable()
	if r := k.CheckLoad(m); len(r) != 0 {
		t.Errorf("refused: %+v", r)
	}
	if diff := cmp.Diff([]string{"_printk"}, k.UnknownImports(m)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSymversForms(t *testing.T) {
	for name, line := range map[string]string{
		"5.3":     "0x00000001\tfoo\tdrivers/a-b\tEXPORT_SYMBOL_GPL",
		"5.4":     "0x00000001\tfoo\tNS\tdrivers/a-b\tEXPORT_SYMBOL_GPL",
		"current": "0x00000001\tfoo\tdrivers/a-b\tEXPORT_SYMBOL_GPL\tNS",
		"built":   "0x00000001\tfoo\tdrivers/a-b.ko\tEXPORT_SYMBOL_GPL\tNS",
	} {
		table, err := parseSymvers([]byte(line + "\n"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := Export{Name: "foo", Module: "a_b", CRC: 1, HasCRC: true, GPL: true, Namespace: "NS"}
		if name == "5.3" {
			want.Namespace = ""
		}
		if diff := cmp.Diff(want, table.byName["foo"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
