package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/klp"
)

// Each rule of the family finds what its bad fixtures lack under a kernel that
// asks for it, by every name of the option, and nothing under one that does not.
func TestDemandsOfTheConfiguration(t *testing.T) {
	without := kernelWith(t, "config-6.12.99", "CONFIG_LIVEPATCH=y\n# CONFIG_"+strings.Join([]string{
		"UNWINDER_ORC", "MITIGATION_RETHUNK", "MITIGATION_RETPOLINE",
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
