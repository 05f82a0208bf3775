package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

// Each rule of the family finds what its bad fixtures lack under a kernel that
// asks for it, by every name of the option, and nothing under one that does not.
func TestDemandsOfTheConfiguration(t *testing.T) {
	without := kernelWith(t, "config-6.12.99", "CONFIG_LIVEPATCH=y\n# CONFIG_"+strings.Join([]string{
		"UNWINDER_ORC", "MITIGATION_RETHUNK", "MITIGATION_RETPOLINE", "X86_KERNEL_IBT", "CFI", "ARM64_BTI_KERNEL",
	}, " is not set\n# CONFIG_")+" is not set\n")
	unknown := kernelWith(t, "System.map", "ffffffff81000000 T _text\nffffffff81000040 T seq_putc\n")
	for _, d := range demands {
		files, err := filepath.Glob(filepath.Join("..", "fixtures", "rules", d.rule.ID(), "*.ko"))
		if err != nil || len(files) < 2 {
			t.Fatalf("%s: %d fixtures, %v", d.rule.ID(), len(files), err)
		}
		for _, file := range files {
			m, err := elfread.Open(file, elfread.Options{})
			if err != nil {
				t.Fatal(err)
			}
			bad := strings.HasPrefix(filepath.Base(file), "bad")
			if d.arch != "" && m.Arch != d.arch {
				got, needs := judge(t, d.rule, m, kernelWith(t, "config-6.12.99", "CONFIG_"+d.options[0]+"=y\n"))
				if want := "what CONFIG_" + d.options[0] + " requires of " + string(m.Arch) + " code"; len(got) > 0 || needs != want {
					t.Errorf("%s: %+v, needs %q, want %q", file, got, needs, want)
				}
				continue
			}
			for _, option := range d.options {
				k := kernelWith(t, "config-6.12.99", "CONFIG_LIVEPATCH=y\nCONFIG_"+option+"=y\n")
				got, needs := judge(t, d.rule, m, k)
				if len(got) > 0 != bad || needs != "" {
					t.Errorf("%s with %s: %d findings, needs %q", file, option, len(got), needs)
				}
				for _, f := range got {
					if !strings.HasSuffix(f.Message, "CONFIG_"+option) || f.Kernel == nil || f.Kernel.Message+f.Kernel.Note == "" {
						t.Errorf("%s: %q, kernel %+v", file, f.Message, f.Kernel)
					}
				}
			}
			if got, needs := judge(t, d.rule, m, without); len(got) > 0 || needs != "" {
				t.Errorf("%s: %+v, needs %q, from a kernel that asks for nothing", file, got, needs)
			}
			if got, needs := judge(t, d.rule, m, unknown); len(got) > 0 || needs != "the kernel's .config" {
				t.Errorf("%s: %+v, needs %q, from a kernel of unknown configuration", file, got, needs)
			}
		}
	}
}

// The unwinder's tables are found by name, and sorted as pairs.
func TestUnwindTables(t *testing.T) {
	k := kernelWith(t, "config-6.12.99", "CONFIG_UNWINDER_ORC=y\n")
	for _, c := range []struct {
		name   string
		change func(orc, ip *klp.Section)
		want   string
		crash  bool
	}{
		{"whole", func(_, _ *klp.Section) {}, "", false},
		{"empty", func(orc, _ *klp.Section) { orc.Size = 0 }, "the module has no .orc_unwind", false},
		{"not loaded", func(_, ip *klp.Section) { ip.Flags = shfWrite }, ".orc_unwind_ip has no SHF_ALLOC", true},
		{"a half not loaded", func(orc, _ *klp.Section) { orc.Flags = 0 }, ".orc_unwind has no SHF_ALLOC", true},
		{"cut", func(orc, _ *klp.Section) { orc.Size = 12 }, ".orc_unwind of 12 bytes and .orc_unwind_ip of 12 do not match", false},
		{"not relocated", func(_, ip *klp.Section) { ip.Relas = 2 }, ".orc_unwind_ip has 2 relocations for 3 entries", false},
	} {
		m := fitting()
		m.Arch = klp.X86_64
		m.Sections = []klp.Section{
			{Name: ".text", Flags: shfAlloc | shfExecinstr, Size: 16},
			{Name: ".orc_unwind", Flags: shfAlloc, Size: 18},
			{Name: ".orc_unwind_ip", Flags: shfAlloc, Size: 12, Relas: 3},
		}
		c.change(&m.Sections[1], &m.Sections[2])
		got, needs := judge(t, klp211, m, k)
		switch {
		case needs != "" || len(got) != min(1, len(c.want)):
			t.Errorf("%s: %+v, needs %q", c.name, got, needs)
		case c.want != "" && (!strings.Contains(got[0].Message, c.want) || got[0].Kernel.Crash != c.crash || (got[0].Severity == finding.Error) != c.crash):
			t.Errorf("%s: %+v", c.name, got[0])
		}
	}
}

// What a module lists only where its calls are compared, and what the loader
// takes away again.
func TestCallsAndSeals(t *testing.T) {
	k := kernelWith(t, "config-6.12.99", "CONFIG_CFI_CLANG=y\nCONFIG_X86_KERNEL_IBT=y\n")
	m := fitting()
	m.Arch = klp.X86_64
	m.Sections = []klp.Section{{Name: ".text", Flags: shfAlloc | shfExecinstr, Size: 16}, {Name: ".retpoline_sites", Size: 4}}
	got, _ := judge(t, klp215, m, k)
	if len(got) != 1 || !strings.Contains(got[0].Message, "no .kcfi_traps") {
		t.Errorf("calls without traps: %+v", got)
	}
	m.Sections = append(m.Sections, klp.Section{Name: ".kcfi_traps", Size: 4})
	if got, _ := judge(t, klp215, m, k); len(got) > 0 {
		t.Errorf("calls with traps: %+v", got)
	}
	at := func(name string) klp.Location { return klp.Location{Section: ".text", Symbol: name} }
	m.Indirect.Sealed = klp.Places{Count: 2, First: []klp.Location{at("one"), at("two")}}
	m.Indirect.NoLanding = klp.Places{Count: 3, First: []klp.Location{at("three"), at("four"), at("five")}}
	got, _ = judge(t, klp214, m, k)
	want := []string{
		"three and 2 other functions are called through a pointer, without ENDBR64, and the kernel has CONFIG_X86_KERNEL_IBT",
		"one and two are called through a pointer, and in .ibt_endbr_seal, which takes ENDBR64 away, and the kernel has CONFIG_X86_KERNEL_IBT",
	}
	if len(got) != 2 || got[0].Message != want[0] || got[1].Message != want[1] {
		t.Errorf("%+v, want %q", got, want)
	}
}

// A module that has no code of its own lacks nothing.
func TestNoCodeNoDemands(t *testing.T) {
	k := kernelWith(t, "config-6.12.99", "CONFIG_UNWINDER_ORC=y\nCONFIG_MITIGATION_RETPOLINE=y\n")
	m := fitting()
	m.Sections = []klp.Section{{Name: ".init.text", Flags: shfAlloc | shfExecinstr, Size: 16}, {Name: ".text", Flags: shfAlloc | shfExecinstr}}
	for _, d := range demands {
		if got, _ := judge(t, d.rule, m, k); len(got) > 0 {
			t.Errorf("%s: %+v", d.rule.ID(), got)
		}
	}
}

// docs/code.md has the table of the family.
func TestDemandsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/code.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range demands {
		row := "| " + d.rule.ID() + " | `CONFIG_" + strings.Join(d.options, "`, `CONFIG_") + "` | " + d.has + " | " + d.without + " |"
		if !strings.Contains(string(text), row) {
			t.Errorf("docs/code.md lacks the row\n%s", row)
		}
	}
}
