package rules

import (
	"testing"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

func TestHygieneRules(t *testing.T) {
	section := func(name string) func(*klp.Module) {
		return func(m *klp.Module) { m.Sections = append(m.Sections, klp.Section{Name: name, Size: 10}) }
	}
	leftover := func(name, step string) moduleCase {
		return moduleCase{name, klp501, section(name), []expect{{finding.Error, "", false, "section " + name + " is left over: " + step, "", ""}}}
	}
	check(t, []moduleCase{
		leftover(".kpatch.symbols", "create-klp-module"),
		leftover(".kpatch.relocations", "create-klp-module"),
		leftover(".kpatch.arch", "create-klp-module"),
		leftover(".kpatch.ignore.sections", "create-diff-object"),
		leftover(".kpatch.dynrelas", "it belongs"),
		leftover(".kpatch.checksum", "it belongs"),
		leftover(".klp.module_relocs.vmlinux", "klp-convert"),
		leftover(".klp.sym.rela.ext4", "klp-convert"),
		leftover(".klp.symid", "objtool"),
		{"record", klp501, func(m *klp.Module) {
			m.Leftovers = []klp.Leftover{{What: "__klp_relocs entry without its counterpart"}}
		}, []expect{{finding.Error, "", false, "__klp_relocs entry without its counterpart", "", ""}}},
		{"what stays in finished modules", klp501, func(m *klp.Module) {
			for _, name := range []string{
				".kpatch.strings", ".rela.kpatch.funcs", ".kpatch.callbacks.post_unpatch", "__klp_relocs", ".rela__klp_relocs.vmlinux",
				".klp.rela.vmlinux..text", ".klp.arch.vmlinux..altinstructions", ".init.klp_objects", "__klp_objects",
			} {
				section(name)(m)
			}
		}, nil},

		{"two funcs", klp502, func(m *klp.Module) {
			m.ForceFuncs = []klp.Location{{Section: ".kpatch.force", Symbol: "foo"}, {Section: ".kpatch.force", Symbol: "bar"}}
		}, []expect{{finding.Warning, "", true, "2 funcs in .kpatch.force: foo, bar", "", ""}}},

		{
			"signed", klp503, func(m *klp.Module) { m.Signature = &klp.Signature{Signer: "farm 1234", Hash: "sha256"} },
			[]expect{{finding.Info, "", false, "signed by farm 1234 (sha256)", "", ""}},
		},
		{
			"signed by nobody known", klp503, func(m *klp.Module) { m.Signature = &klp.Signature{} },
			[]expect{{finding.Info, "", false, "the module is signed", "", ""}},
		},

		{
			"malformed", klp504, func(m *klp.Module) { m.SignatureError = "5 bytes follow the marker" },
			[]expect{{finding.Error, "", false, "5 bytes follow the marker", "", ""}},
		},

		{
			"one module", klp505, func(m *klp.Module) { m.Modinfo.Entries[2].Value = "ext4,jbd2" },
			[]expect{{finding.Info, "", false, "depends on ext4,jbd2", "", ""}},
		},
		{"empty", klp505, func(*klp.Module) {}, nil},

		{
			"DWARF", klp506, func(m *klp.Module) { section(".debug_info")(m); section(".debug_line")(m) },
			[]expect{{finding.Info, "", false, "20 bytes of debug information", "", ""}},
		},
	})
}
