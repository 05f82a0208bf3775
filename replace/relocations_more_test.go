package replace_test

import (
	"debug/elf"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// TestRelocationRefusals changes one thing of a livepatch's relocations at a
// time: those of vmlinux are applied by the loader, those of ext4, which is
// loaded, by klp_enable_patch().
func TestRelocationRefusals(t *testing.T) {
	for _, tt := range []struct {
		name   string
		object string
		edit   func(*klp.Module)
		want   string // a part of the first reason; "" where it is accepted
	}{
		{"sound", "ext4", func(*klp.Module) {}, ""},
		{"sound, of vmlinux", "vmlinux", func(m *klp.Module) { m.KlpSyms[0].Object = "vmlinux" }, ""},
		{"section passed over", "ext4", func(m *klp.Module) {
			m.KlpRelas[0].Index = 1
			m.Sections = []klp.Section{{}, {Type: uint32(elf.SHT_RELA), Flags: klp.SHFRelaLivepatch}}
			m.KlpSyms[0].Malformed = "no comma"
		}, ""},
		{"malformed section", "ext4", func(m *klp.Module) { m.KlpRelas[0].Malformed = "the object's name is empty" }, "the object's name is empty"},
		{"malformed symbol", "ext4", func(m *klp.Module) { m.KlpSyms[0].Malformed = "no comma" }, "no comma"},
		{"malformed symbol of vmlinux", "vmlinux", func(m *klp.Module) { m.KlpSyms[0].Malformed = "no comma" }, "no comma"},
		{"tombstone", "ext4", func(m *klp.Module) { m.KlpSyms[0].Tombstone = true }, ""},
		{"ordinary symbol", "ext4", func(m *klp.Module) { m.KlpRelas[0].Foreign = []klp.Foreign{{Symbol: "printk"}} }, "relocates against printk"},
		{"vmlinux symbol in a module's section", "ext4", func(m *klp.Module) { m.KlpSyms[0].Object = "vmlinux" }, "section .klp.rela.ext4..text uses"},
		{"target not zero", "ext4", func(m *klp.Module) {
			m.Arch = klp.X86_64
			m.KlpRelas[0].NonZero = []klp.NonZero{{At: klp.Location{Section: ".text", Offset: 8}, Value: 5}}
		}, ".text+0x8 already holds 0x5"},
		{"target not zero, another architecture", "ext4", func(m *klp.Module) {
			m.Arch = klp.ARM64
			m.KlpRelas[0].NonZero = []klp.NonZero{{At: klp.Location{Section: ".text", Offset: 8}, Value: 5}}
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			behaviour := known
			behaviour.RefusesVmlinuxInModuleRela = klp.Yes
			s := start(t, replace.Mainline{}, replace.Env{Behaviour: behaviour})
			s.sys, _ = s.sys.LoadTarget(replace.TargetModule{Name: "ext4"})
			d := s.load(with(vm("m", flag(false), "f"), func(m *klp.Module) {
				m.Patch.Objects = append(m.Patch.Objects, object("ext4", "g"))
				m.KlpRelas = []klp.KlpRela{{Section: ".klp.rela." + tt.object + "..text", Object: tt.object, Target: ".text", Symbols: []int{0, 9}}}
				m.KlpSyms = []klp.KlpSym{{Raw: ".klp.sym." + tt.object + ".h,0", Object: tt.object, Name: "h", Shndx: klp.SHNLivepatch}}
				tt.edit(m)
			}))
			all := refusals(d)
			if tt.want == "" != d.Accepted() || tt.want != "" && !slices.ContainsFunc(all, func(r string) bool { return strings.Contains(r, tt.want) }) {
				t.Errorf("%s %s, refusals:\n%s\nwant %q", d.Outcome, d.Errno, strings.Join(all, "\n"), tt.want)
			}
		})
	}
}
