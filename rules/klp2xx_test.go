package rules

import (
	"debug/elf"
	"strings"
	"testing"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

func TestRelocationRules(t *testing.T) {
	rela := func(m *klp.Module, i int) *klp.KlpRela { return &m.KlpRelas[i] }
	long := strings.Repeat("f", 200)

	check(t, []moduleCase{
		{"no object", klp201, func(m *klp.Module) {
			*rela(m, 0) = klp.KlpRela{Section: ".klp.rela.", Malformed: "no object name"}
		}, []expect{{finding.Error, "EINVAL", false, "no object name", "", ""}}},

		{"ordinary symbol", klp202, func(m *klp.Module) {
			rela(m, 2).Foreign = []klp.Foreign{{Symbol: "printk"}, {Symbol: "memcpy", Shndx: 4}}
		}, []expect{{finding.Error, "EINVAL", false, "section .klp.rela.ext4..text: 2 relocations are against symbols that are not SHN_LIVEPATCH: printk, memcpy", "ext4", ""}}},

		{
			"malformed", klp203, func(m *klp.Module) { m.KlpSyms[0].Malformed = "no comma before the position" },
			[]expect{{finding.Error, "EINVAL", false, "no comma before the position", "vmlinux", ""}},
		},
		{"200 bytes fit 6.12", klp203, func(m *klp.Module) { m.KlpSyms[0].Name = long }, nil},
		{
			"200 bytes do not fit 5.10", klp203, func(m *klp.Module) { release(m, "5.10.5"); m.KlpSyms[0].Name = long },
			[]expect{{finding.Error, "EINVAL", false, "200 bytes long, this kernel accepts at most 127", "vmlinux", ""}},
		},
		{
			"200 bytes, release unknown", klp203, func(m *klp.Module) { release(m, "weird"); m.KlpSyms[0].Name = long },
			[]expect{{finding.Warning, "EINVAL", false, "release is not known", "vmlinux", ""}},
		},
		{
			"512 bytes do not fit 6.12", klp203, func(m *klp.Module) { m.KlpSyms[0].Name = strings.Repeat("f", 512) },
			[]expect{{finding.Error, "EINVAL", false, "512 bytes long, this kernel accepts at most 511", "vmlinux", ""}},
		},

		{
			"6.12", klp204, func(m *klp.Module) { rela(m, 2).Symbols = []int{1, 0} },
			[]expect{{finding.Error, "EINVAL", false, "uses 1 symbol of vmlinux: jiffies_lock", "ext4", ""}},
		},
		{"allowed on 5.4", klp204, func(m *klp.Module) { release(m, "5.4.0"); rela(m, 2).Symbols = []int{0} }, nil},
		{
			"release unknown", klp204, func(m *klp.Module) { release(m, ""); rela(m, 2).Symbols = []int{0} },
			[]expect{{finding.Warning, "EINVAL", false, "which kernels since 5.8 refuse", "ext4", ""}},
		},
		{"module symbol in a vmlinux section", klp204, func(m *klp.Module) { rela(m, 0).Symbols = []int{1} }, nil},

		{"x86", klp205, func(m *klp.Module) {
			rela(m, 0).NonZero, rela(m, 0).NonZeroCount = []klp.NonZero{{Type: 2, Value: 0xdead}}, 3
		}, []expect{{finding.Error, "ENOEXEC", false, "3 targets are not zero", "vmlinux", ""}}},
		{"an instruction elsewhere", klp205, func(m *klp.Module) {
			m.Arch, rela(m, 0).NonZero, rela(m, 0).NonZeroCount = klp.PPC64LE, []klp.NonZero{{Value: 0x48000001}}, 1
		}, nil},

		{
			"flags", klp206, func(m *klp.Module) {
				rela(m, 2).Index = len(m.Sections)
				m.Sections = append(m.Sections, klp.Section{Type: uint32(elf.SHT_RELA), Flags: uint64(elf.SHF_ALLOC)})
			},
			[]expect{{finding.Error, "", true, ".klp.rela.ext4..text: flag SHF_RELA_LIVEPATCH (0x100000) is missing", "ext4", ""}},
		},

		{
			"undefined", klp207, func(m *klp.Module) { m.KlpSyms[1].Shndx = 0 },
			[]expect{{finding.Error, "ENOENT", false, ".klp.sym.ext4.ext4_iget,1 is SHN_UNDEF", "ext4", ""}},
		},
		{
			"weak tombstone undefined", klp207, func(m *klp.Module) { m.KlpSyms[2].Shndx = 0 },
			[]expect{{finding.Error, "", true, ".klp.tombstone.static_key is SHN_UNDEF", "", ""}},
		},

		{
			"object not listed", klp208, func(m *klp.Module) { m.Patch.Objects = m.Patch.Objects[:1] },
			[]expect{{finding.Error, "", true, "targets ext4, which klp_patch.objs does not list", "ext4", ""}},
		},
		{"vmlinux is exempt", klp208, func(m *klp.Module) { m.Patch.Objects = m.Patch.Objects[1:] }, nil},
		{
			"vmlinux before 5.8", klp208, func(m *klp.Module) { release(m, "5.4.0"); m.Patch.Objects = m.Patch.Objects[1:] },
			[]expect{{finding.Error, "", true, "vmlinux", "vmlinux", ""}, {finding.Error, "", true, "vmlinux", "vmlinux", ""}},
		},
		{"vmlinux as a string is another object", klp208, func(m *klp.Module) {
			release(m, "5.4.0")
			m.KlpRelas = m.KlpRelas[:1]
			m.Patch.Objects[0].Null, m.Patch.Objects[0].Literal = false, true
		}, []expect{{finding.Error, "", true, "vmlinux", "vmlinux", ""}}},
		{"tables not found", klp208, func(m *klp.Module) { m.Patch = klp.Patch{} }, nil},

		{
			"jump table of a module", klp209, func(m *klp.Module) { rela(m, 2).Target = "__jump_table" },
			[]expect{{finding.Error, "", true, "2 relocations of module ext4 in __jump_table", "ext4", ""}},
		},
		{
			"static calls of a module", klp209, func(m *klp.Module) { rela(m, 2).Target = ".static_call_sites" },
			[]expect{{finding.Error, "", true, ".static_call_sites", "ext4", ""}},
		},
		{
			"alternatives of a module", klp209, func(m *klp.Module) { rela(m, 2).Target = ".altinstructions" },
			[]expect{{finding.Error, "", true, ".altinstructions", "ext4", ""}},
		},
		{
			"init data of a module", klp209, func(m *klp.Module) { rela(m, 2).Target = ".init.data" },
			[]expect{{finding.Error, "", true, "in .init.data, which is freed", "ext4", ""}},
		},
		{
			"data of each CPU", klp209, func(m *klp.Module) { rela(m, 2).Target = ".data..percpu" },
			[]expect{{finding.Error, "", true, "in .data..percpu, which the loader copies", "ext4", ""}},
		},
		{"init data of vmlinux", klp209, func(m *klp.Module) { rela(m, 0).Target = ".init.data" }, nil},

		{
			"6.12", klp210, func(m *klp.Module) { m.Sections[2].Name = ".klp.arch.vmlinux..altinstructions" },
			[]expect{{finding.Warning, "", true, ".klp.arch.vmlinux..altinstructions", "", ""}},
		},
		{"5.4 reads it", klp210, func(m *klp.Module) {
			release(m, "5.4.0")
			m.Sections[2].Name = ".klp.arch.vmlinux..altinstructions"
		}, nil},
		{"so may RHEL 8", klp210, func(m *klp.Module) {
			release(m, "4.18.0-193.el8.x86_64")
			m.Sections[2].Name = ".klp.arch.vmlinux..altinstructions"
		}, nil},
	})
}

func TestLongListsAreCut(t *testing.T) {
	m := sound()
	m.KlpRelas[2].Foreign = make([]klp.Foreign, 25)
	for i := range m.KlpRelas[2].Foreign {
		m.KlpRelas[2].Foreign[i].Symbol = "symbol_" + string(rune('a'+i))
	}
	got := apply(t, klp202, m)
	if len(got) != 1 || !strings.HasSuffix(got[0].Message, "symbol_j and 15 more") {
		t.Errorf("%+v", got)
	}
}

// A table that ends within an entry is read on by x86's loader, not by those that
// count entries.
func TestPartEntries(t *testing.T) {
	for _, c := range []struct {
		name string
		size uint64
		bad  bool
	}{
		{".altinstructions", 28, false},
		{".altinstructions", 36, false},
		{".altinstructions", 4, true},
		{".return_sites", 8, false},
		{".return_sites", 7, true},
		{".call_sites", 0, false},
		{"__jump_table", 15, false},
	} {
		m := fitting()
		m.Arch = klp.X86_64
		m.Sections = []klp.Section{{Name: c.name, Flags: shfAlloc, Size: c.size, Relas: 9}}
		got := apply(t, klp221, m)
		if bad := len(got) == 1 && got[0].Kernel.Crash && strings.Contains(got[0].Message, "entries of"); bad != c.bad || !c.bad && len(got) > 0 {
			t.Errorf("%s of %d bytes: %+v", c.name, c.size, got)
		}
	}
}
