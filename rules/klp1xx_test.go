package rules

import (
	"debug/elf"
	"fmt"
	"strings"
	"testing"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

func TestModuleRules(t *testing.T) {
	long := func(n int) string { return strings.Repeat("f", n) }
	vmlinux := func(m *klp.Module) *klp.Object { return &m.Patch.Objects[0] }
	ext4 := func(m *klp.Module) *klp.Object { return &m.Patch.Objects[1] }
	noReplace := klp.Replace{Kind: klp.KindFlag, Source: klp.FromData}

	check(t, []moduleCase{
		{
			"ordinary module", klp100, func(m *klp.Module) { m.Kind = klp.KindModule },
			[]expect{{finding.Warning, "", false, "an ordinary kernel module", "", ""}},
		},
		{
			"Xen payload", klp100, func(m *klp.Module) { m.Kind = klp.KindXenPayload },
			[]expect{{finding.Warning, "", false, "Xen hypervisor", "", ""}},
		},
		{
			"unlinked object", klp100, func(m *klp.Module) { m.Kind = klp.KindObjectFile },
			[]expect{{finding.Warning, "", false, "not been linked as a module", "", ""}},
		},

		{
			"no entry", klp101, func(m *klp.Module) { m.Modinfo.Entries = m.Modinfo.Entries[1:] },
			[]expect{{finding.Error, "EINVAL", false, "no livepatch entry", "", ""}},
		},
		{
			"no .modinfo", klp101, func(m *klp.Module) { m.Modinfo = klp.Modinfo{} },
			[]expect{{finding.Error, "EINVAL", false, "no livepatch entry", "", ""}},
		},
		{"any value will do", klp101, func(m *klp.Module) { m.Modinfo.Entries[0].Value = "N" }, nil},

		{
			"proprietary", klp102, func(m *klp.Module) { m.Modinfo.Entries[1].Value = "Proprietary" },
			[]expect{{finding.Error, "ENOENT", false, `"Proprietary" is not GPL-compatible`, "", ""}},
		},
		{
			"none", klp102, func(m *klp.Module) { m.Modinfo.Entries[1].Key = "author" },
			[]expect{{finding.Error, "ENOENT", false, "no license entry", "", ""}},
		},
		{"the first one counts", klp102, func(m *klp.Module) {
			m.Modinfo.Entries = append(m.Modinfo.Entries, klp.ModinfoEntry{Key: "license", Value: "Proprietary"})
		}, nil},
		{"dual", klp102, func(m *klp.Module) { m.Modinfo.Entries[1].Value = "Dual BSD/GPL" }, nil},
		{
			"GPL-2.0 is not a kernel's word", klp102, func(m *klp.Module) { m.Modinfo.Entries[1].Value = "GPL-2.0" },
			[]expect{{finding.Error, "ENOENT", false, "GPL-2.0", "", ""}},
		},

		// ob_null_objs, ob_named_null_funcs: EINVAL. ob_empty_objs, ob_named_empty_funcs: OK.
		{
			"objs is NULL", klp103, func(m *klp.Module) { m.Patch.ObjsNull, m.Patch.Objects = true, nil },
			[]expect{{finding.Error, "EINVAL", false, "objs pointer is NULL", "", ""}},
		},
		{
			"funcs is NULL", klp103, func(m *klp.Module) { ext4(m).Funcs, ext4(m).FuncsNull = nil, true },
			[]expect{{finding.Error, "EINVAL", false, "funcs pointer of object ext4", "ext4", ""}},
		},
		{
			"no objects", klp103, func(m *klp.Module) { m.Patch.Objects, m.Patch.States = nil, nil },
			[]expect{{finding.Warning, "", true, "no objects", "", ""}},
		},
		{
			"no funcs", klp103, func(m *klp.Module) { ext4(m).Funcs, m.Patch.States = nil, nil },
			[]expect{{finding.Warning, "", true, "object ext4 has neither", "ext4", ""}},
		},
		{
			"states, but no objects", klp103, func(m *klp.Module) { m.Patch.Objects = nil },
			[]expect{{finding.Warning, "", true, "no objects", "", ""}},
		},
		{"states only", klp103, func(m *klp.Module) {
			ext4(m).Funcs = nil
			m.Patch.Objects = m.Patch.Objects[1:]
		}, nil},
		{
			"empty beside others", klp103, func(m *klp.Module) { ext4(m).Funcs = nil },
			[]expect{{finding.Warning, "", true, "object ext4 has neither", "ext4", ""}},
		},
		{"callbacks only", klp103, func(m *klp.Module) { vmlinux(m).Funcs, m.Patch.States = nil, nil }, nil},
		{
			"klp-build without objects", klp103, func(m *klp.Module) { m.Toolchain, m.Patch.Objects = klp.KlpBuild, nil },
			[]expect{{finding.Error, "EINVAL", false, "table of objects is empty", "", ""}},
		},
		{"kpatch-build: no func in the object", klp103, func(m *klp.Module) {
			m.Toolchain, m.Patch.States = klp.KpatchBuild, nil
			ext4(m).Funcs, ext4(m).FuncsNull = nil, true
		}, []expect{{finding.Warning, "", true, "object ext4 has neither", "ext4", ""}}},
		{
			"no tables", klp103, func(m *klp.Module) { m.Patch = klp.Patch{Reason: "no struct points to __this_module"} },
			[]expect{{finding.Error, "", false, "no struct points to __this_module", "", ""}},
		},
		{"no tables because of NULL", klp103, func(m *klp.Module) {
			m.Patch, m.Init.Enables[0].Arg = klp.Patch{}, klp.ArgNull
		}, nil},

		{
			"NULL name, replace", klp104, func(m *klp.Module) { vmlinux(m).Funcs[0].Name, vmlinux(m).Funcs[0].NameNull = "", true },
			[]expect{{finding.Error, "EINVAL", false, "func 1 of vmlinux has a NULL name", "vmlinux", ""}},
		},
		{
			"empty name", klp104, func(m *klp.Module) { vmlinux(m).Funcs[0].Name = "" },
			[]expect{{finding.Error, "EINVAL", false, "func 1 of vmlinux has an empty name", "vmlinux", ""}},
		},
		{"only a sympos", klp104, func(m *klp.Module) {
			vmlinux(m).Funcs[1] = klp.Func{NameNull: true, Sympos: 4, New: klp.Code{Null: true}}
		}, []expect{{finding.Error, "EINVAL", false, "only a sympos (4)", "vmlinux", ",4"}}},
		{
			"no replacement", klp104, func(m *klp.Module) { vmlinux(m).Funcs[1].New = klp.Code{Null: true} },
			[]expect{{finding.Error, "EINVAL", false, "vmlinux:dup_static,2 has no replacement", "vmlinux", "dup_static,2"}},
		},
		{"511 bytes fit 6.12", klp104, func(m *klp.Module) { vmlinux(m).Funcs[0].Name = long(511) }, nil}, // fn_len511
		{
			"512 bytes do not", klp104, func(m *klp.Module) { vmlinux(m).Funcs[0].Name = long(512) },
			[]expect{{finding.Error, "EINVAL", false, "512 bytes long, this kernel accepts at most 511", "vmlinux", long(512)}},
		},
		{"127 bytes fit 5.10", klp104, func(m *klp.Module) { release(m, "5.10.0"); vmlinux(m).Funcs[0].Name = long(127) }, nil},
		{
			"128 bytes do not fit 5.10", klp104, func(m *klp.Module) { release(m, "5.10.1"); vmlinux(m).Funcs[0].Name = long(128) },
			[]expect{{finding.Error, "EINVAL", false, "this kernel accepts at most 127", "vmlinux", long(128)}},
		},
		{
			"128 bytes, release unknown", klp104, func(m *klp.Module) { release(m, ""); vmlinux(m).Funcs[0].Name = long(128) },
			[]expect{{finding.Warning, "EINVAL", false, "release is not known", "vmlinux", long(128)}},
		},
		{
			"512 bytes, release unknown", klp104, func(m *klp.Module) { release(m, ""); vmlinux(m).Funcs[0].Name = long(512) },
			[]expect{{finding.Error, "EINVAL", false, "512 bytes long", "vmlinux", long(512)}},
		},

		{
			"string vmlinux", klp105, func(m *klp.Module) { vmlinux(m).Null, vmlinux(m).Literal = false, true },
			[]expect{{finding.Error, "", true, `is the string "vmlinux"`, "vmlinux", ""}},
		},
		{
			"empty", klp105, func(m *klp.Module) { ext4(m).Name = "" },
			[]expect{{finding.Error, "EINVAL", false, "empty name", "", ""}},
		},
		{"55 bytes fit", klp105, func(m *klp.Module) { ext4(m).Name = long(55) }, nil},
		{
			"56 bytes do not", klp105, func(m *klp.Module) { ext4(m).Name = long(56) },
			[]expect{{finding.Error, "EINVAL", false, "56 bytes long, the kernel accepts at most 55", long(56), ""}},
		},
		{
			"dash", klp105, func(m *klp.Module) { ext4(m).Name = "nf-tables" },
			[]expect{{finding.Error, "", true, "use nf_tables", "nf-tables", ""}},
		},
		{
			"file name", klp105, func(m *klp.Module) { ext4(m).Name = "zfs.ko" },
			[]expect{{finding.Error, "", true, "use zfs", "zfs.ko", ""}},
		},
		{
			"path", klp105, func(m *klp.Module) { ext4(m).Name = "fs/ext4/ext4.ko" },
			[]expect{{finding.Error, "", true, "use ext4", "fs/ext4/ext4.ko", ""}},
		},
		{
			"nothing but punctuation", klp105, func(m *klp.Module) { ext4(m).Name = "/" },
			[]expect{{finding.Error, "", true, "object name / is not a module name", "/", ""}},
		},

		{
			"module", klp106, func(m *klp.Module) { m.Patch.Objects = append(m.Patch.Objects, *ext4(m)) },
			[]expect{{finding.Error, "EEXIST", false, "ext4 is listed twice", "ext4", ""}},
		},
		{
			"image", klp106, func(m *klp.Module) { m.Patch.Objects = append(m.Patch.Objects, *vmlinux(m)) },
			[]expect{{finding.Error, "EEXIST", false, "vmlinux is listed twice", "vmlinux", ""}},
		},
		{
			"image and string", klp106, func(m *klp.Module) { ext4(m).Name, ext4(m).Literal = "vmlinux", true },
			[]expect{{finding.Error, "EEXIST", false, `once as NULL and once as the string "vmlinux"`, "vmlinux", ""}},
		},
		{"thrice is two findings", klp106, func(m *klp.Module) {
			m.Patch.Objects = append(m.Patch.Objects, *ext4(m), *ext4(m))
		}, []expect{{finding.Error, "EEXIST", false, "ext4", "ext4", ""}, {finding.Error, "EEXIST", false, "ext4", "ext4", ""}}},

		{
			"same sympos", klp107, func(m *klp.Module) { vmlinux(m).Funcs[2].Sympos = 2 },
			[]expect{{finding.Error, "EEXIST", false, "vmlinux:dup_static,2 is listed twice", "vmlinux", "dup_static,2"}},
		},
		{
			"0 and 1", klp107, func(m *klp.Module) { vmlinux(m).Funcs[1].Sympos = 0 },
			[]expect{{finding.Error, "EEXIST", false, "sympos 0 and 1 are the same position", "vmlinux", "dup_static"}},
		},
		{"one name in two objects", klp107, func(*klp.Module) {}, nil},
		{"many funcs", klp107, func(m *klp.Module) {
			for i := range 100 {
				vmlinux(m).Funcs = append(vmlinux(m).Funcs, klp.Func{Name: fmt.Sprint("f", i%99)})
			}
		}, []expect{{finding.Error, "EEXIST", false, "vmlinux:f0 is listed twice", "vmlinux", "f0"}}},

		{
			"duplicate", klp108, func(m *klp.Module) { m.Patch.States[1].ID = 1 },
			[]expect{{finding.Warning, "", true, "state 1 is listed twice, with versions 1 and 3", "", ""}},
		},
		{
			"behind the end", klp108, func(m *klp.Module) { m.Patch.StatesBehindEnd = 2 },
			[]expect{{finding.Warning, "", true, "2 states follow an entry with id 0", "", ""}},
		},
		{"largest values", klp108, func(m *klp.Module) { m.Patch.States[0] = klp.State{ID: 1<<64 - 1, Version: 1<<32 - 1} }, nil},

		{"two of a kind", klp109, func(m *klp.Module) {
			m.Toolchain, vmlinux(m).Callbacks[1].Kind = klp.KpatchBuild, klp.PrePatch
		}, []expect{{finding.Error, "EINVAL", false, "vmlinux has a second pre_patch callback, post", "vmlinux", ""}}},
		{
			"enabled by the author", klp109, func(m *klp.Module) { ext4(m).PostUnpatchEnabled = true },
			[]expect{{finding.Warning, "", true, "object ext4 sets callbacks.post_unpatch_enabled", "ext4", ""}},
		},

		{"in init text", klp110, func(m *klp.Module) {
			ext4(m).Funcs[0].New.At.Section, ext4(m).Funcs[0].New.Init = ".init.text", true
		}, []expect{{finding.Error, "", true, "ext4:cmdline_proc_show is in .init.text, which is freed", "ext4", "cmdline_proc_show"}}},
		{"data", klp110, func(m *klp.Module) {
			ext4(m).Funcs[0].New.At.Section, ext4(m).Funcs[0].New.Exec = ".data", false
		}, []expect{{finding.Error, "", true, "is in .data, which is not executable", "ext4", "cmdline_proc_show"}}},
		{
			"middle of a function", klp110, func(m *klp.Module) { vmlinux(m).Funcs[1].New.Start = false },
			[]expect{{finding.Error, "", true, "not the start of a function: it points into klpp_dup", "vmlinux", "dup_static,2"}},
		},
		{"no symbols to tell", klp110, func(m *klp.Module) {
			vmlinux(m).Funcs[1].New.Start, vmlinux(m).Funcs[1].New.Symbols = false, false
		}, nil},
		{"outside the module", klp110, func(m *klp.Module) {
			vmlinux(m).Funcs[0].New = klp.Code{Import: true, Symbol: "printk"}
		}, []expect{{finding.Error, "", true, "is the undefined symbol printk", "vmlinux", "cmdline_proc_show"}}},
		{"NULL is KLP104's", klp110, func(m *klp.Module) { vmlinux(m).Funcs[0].New = klp.Code{Null: true} }, nil},
		{
			"callback in init text", klp110, func(m *klp.Module) { vmlinux(m).Callbacks[0].Func.Init = true },
			[]expect{{finding.Error, "", true, "pre_patch callback of vmlinux is in", "vmlinux", ""}},
		},

		{
			"the struct", klp111, func(m *klp.Module) { m.Patch.At.Section = ".init.data" },
			[]expect{{finding.Error, "", true, "struct klp_patch is in .init.data", "", ""}},
		},
		{"all of it", klp111, func(m *klp.Module) {
			m.Patch.At.Section, m.Patch.StatesAt.Section = ".init.data", ".init.rodata"
			vmlinux(m).At.Section, vmlinux(m).FuncsAt.Section = ".init.data", ".init.data"
		}, []expect{
			{finding.Error, "", true, "struct klp_patch", "", ""},
			{finding.Error, "", true, "array of states is in .init.rodata", "", ""},
			{finding.Error, "", true, "array of objects", "", ""},
			{finding.Error, "", true, "array of funcs of object vmlinux", "vmlinux", ""},
		}},
		{"read-only", klp118, func(m *klp.Module) {
			m.Patch.At.Section, m.Sections = ".rodata", append(m.Sections, klp.Section{Name: ".rodata"})
		}, []expect{{finding.Error, "crash", false, "struct klp_patch is in .rodata, which is read-only", "", ""}}},
		{"struct module, read-only", klp121, func(m *klp.Module) {
			m.Sections[len(m.Sections)-1].Flags = shfAlloc
		}, []expect{{finding.Error, "crash", false, "section .gnu.linkonce.this_module is not writable", "", ""}}},
		{"struct module, read-only after init", klp121, func(m *klp.Module) {
			m.Sections[len(m.Sections)-1].Flags |= 0x200000
		}, []expect{{finding.Error, "crash", false, "section .gnu.linkonce.this_module is not writable", "", ""}}},
		{"code that is not executable", klp121, func(m *klp.Module) {
			m.Sections = append(m.Sections, klp.Section{Name: ".init.text", Type: 1, Flags: shfAlloc, Size: 16})
		}, []expect{{finding.Error, "crash", false, "section .init.text holds code but lacks SHF_EXECINSTR or SHF_ALLOC", "", ""}}},
		{"where arm64's loader makes code", klp121, func(m *klp.Module) {
			m.Sections = append(m.Sections, klp.Section{Name: ".init.text.ftrace_trampoline", Type: 1, Flags: shfAlloc, Size: 1})
		}, nil},
		{"text of another kind", klp121, func(m *klp.Module) { // objcopy --rename-section=.comment=.init.text
			m.Sections = append(m.Sections, klp.Section{Name: ".init.text", Type: 1, Flags: shfStrings | 0x10, Size: 16})
		}, nil},
		{"a long name for messages", klp123, func(m *klp.Module) {
			m.ThisModuleSize, m.StructName = 0x4c0, m.Name
			m.Modinfo.Entries = append(m.Modinfo.Entries, klp.ModinfoEntry{Key: "name", Value: strings.Repeat("x", 56)})
		}, []expect{{finding.Warning, "", true, "but xxx", "", ""}}},
		{"klp-build's own", klp111, func(m *klp.Module) {
			m.Toolchain, vmlinux(m).FuncsAt.Section = klp.KlpBuild, ".init.klp_funcs"
		}, nil},

		{
			"none", klp112, func(m *klp.Module) { m.Vermagic, m.Modinfo.Entries = klp.Vermagic{}, m.Modinfo.Entries[:1] },
			[]expect{{finding.Error, "", true, "no vermagic", "", ""}},
		},
		{
			"empty", klp112, func(m *klp.Module) { m.Vermagic = klp.Vermagic{} },
			[]expect{{finding.Error, "ENOEXEC", false, "vermagic is empty", "", ""}},
		},
		{
			"garbage for a release, which CRCs stand for", klp112, func(m *klp.Module) {
				m.Vermagic = klp.Vermagic{Raw: "\x016.1 SMP modversions ", Release: "\x016.1", Flags: []string{"SMP", "modversions"}}
				m.Sections = append(m.Sections, klp.Section{Name: "__versions", Flags: 0x2})
			},
			[]expect{{finding.Error, "", true, "does not start with", "", ""}},
		},
		{
			"no release", klp112, func(m *klp.Module) { m.Vermagic = klp.Vermagic{Raw: " SMP"} },
			[]expect{{finding.Error, "ENOEXEC", false, "does not start with a kernel release", "", ""}},
		},
		{
			"garbage", klp112, func(m *klp.Module) { m.Vermagic = klp.Vermagic{Raw: "6.1\x1b[2J", Release: "6.1\x1b[2J"} },
			[]expect{{finding.Error, "ENOEXEC", false, "does not start with", "", ""}},
		},

		{"unknown", klp113, func(m *klp.Module) {
			m.Replace = klp.Replace{Kind: klp.KindUnknown, Source: klp.FromNone, Reason: "no store was found"}
		}, []expect{{finding.Warning, "", false, "cannot determine whether the module replaces other livepatches: no store was found", "", ""}}},
		{
			"at run time", klp113, func(m *klp.Module) { m.Replace.Source, m.Replace.Reason = klp.FromRuntime, "parameter replace" },
			[]expect{{finding.Warning, "", false, "decided at load time: parameter replace", "", ""}},
		},
		{"no tables at all", klp113, func(m *klp.Module) { m.Replace.Kind, m.Patch.Found = klp.KindUnknown, false }, nil},
		{"false is known", klp113, func(m *klp.Module) { m.Replace = noReplace }, nil},

		{
			"missing", klp114, func(m *klp.Module) { m.Symtab = klp.SymtabStatus{Missing: true} },
			[]expect{{finding.Error, "ENOEXEC", false, "no symbol table", "", ""}},
		},
		{
			"damaged", klp114, func(m *klp.Module) { m.Symtab.Damaged = "a relocation names symbol 90 of 40" },
			[]expect{{finding.Error, "", false, "symbol 90 of 40", "", ""}},
		},

		{"symbol dropped", klp114, func(m *klp.Module) {
			m.KlpRelas[2].Foreign = []klp.Foreign{{}, {Symbol: "printk"}, {}, {Shndx: 3}}
		}, []expect{{finding.Error, "ENOENT", false, "2 livepatch relocations refer to a symbol that is no longer", "", ""}}},

		{
			"no init", klp115, func(m *klp.Module) { m.Init = klp.Init{Missing: true} },
			[]expect{{finding.Error, "", true, "no init function", "", ""}},
		},
		{
			"not imported", klp115, func(m *klp.Module) { m.Init.Enables, m.Init.Decoded, m.Imports = nil, false, nil },
			[]expect{{finding.Error, "", true, "never calls klp_enable_patch()", "", ""}},
		},
		{
			"imported, not called", klp115, func(m *klp.Module) { m.Init.Enables = nil },
			[]expect{{finding.Error, "", true, "never calls", "", ""}},
		},
		{"code not followed", klp115, func(m *klp.Module) { m.Init.Enables, m.Init.Decoded = nil, false }, nil},
		{"openEuler", klp115, func(m *klp.Module) { m.Init = klp.Init{UsesRegister: true}; m.Imports = nil }, nil},
		{"no symbols to tell", klp115, func(m *klp.Module) {
			m.Init.Enables, m.Imports, m.Symtab.Missing = nil, nil, true
		}, nil},

		{"patch", klp116, func(m *klp.Module) { m.Init.Enables[0].Arg = klp.ArgNull }, // patch_null
			[]expect{{finding.Error, "EINVAL", false, "called with NULL", "", ""}}},
		{
			"mod", klp116, func(m *klp.Module) { m.Patch.ModNull = true },
			[]expect{{finding.Error, "EINVAL", false, "mod pointer", "", ""}},
		},
		{
			"objs", klp116, func(m *klp.Module) { m.Patch.ObjsNull = true },
			[]expect{{finding.Error, "EINVAL", false, "objs pointer", "", ""}},
		},

		{"twice", klp117, func(m *klp.Module) { m.Init.Repeats = true }, // enable_twice
			[]expect{{finding.Error, "crash", false, "twice with the same patch", "", ""}}},
	})
}

// The kernels that answered (6.1, 6.12, 7.3.4) show EEXIST or EBUSY for the
// same defect; where nobody knows, both are named, the more likely one first.
func TestDuplicateErrnoByRelease(t *testing.T) {
	tests := []struct{ release, want string }{
		{"6.1.0-56-amd64", "EEXIST"},
		{"6.12.111+deb12-amd64", "EEXIST"},
		{"7.3.4", "EBUSY"},
		{"6.6.47", "EEXIST or EBUSY"},
		{"", "EEXIST or EBUSY"},
	}
	for _, test := range tests {
		m := sound()
		release(m, test.release)
		m.Patch.Objects[0].Funcs[2].Sympos = 2
		m.Patch.Objects = append(m.Patch.Objects, m.Patch.Objects[1])
		for _, r := range []*Rule{klp106, klp107} {
			got := apply(t, r, m)
			if len(got) != 1 || got[0].Kernel.Errno != test.want {
				t.Errorf("%s on %q: %+v, want errno %s", r.ID(), test.release, got, test.want)
			}
		}
	}
}

// 6.1 took such a module, 6.12 refused it.
func TestUnnamedReplacementAnswerByRelease(t *testing.T) {
	tests := []struct{ release, want string }{
		{"6.1.0-56-amd64", ""},
		{"6.6.47", ""},
		{"6.12.111+deb12-amd64", "ENOENT"},
		{"7.3.4", "ENOENT"},
	}
	for _, test := range tests {
		m := sound()
		release(m, test.release)
		f := &m.Patch.Objects[0].Funcs[0]
		f.New.Symbol, f.New.Nameless = "", true
		got := apply(t, klp119, m)
		if len(got) != 1 || got[0].Kernel.Errno != test.want || got[0].Severity != finding.Error {
			t.Errorf("%s: %+v, want errno %q", test.release, got, test.want)
		}
	}
}

// 7.3.4 refused a name beyond the string table, 6.12 took it.
func TestStringTableByRelease(t *testing.T) {
	for _, c := range []struct {
		release, errno string
		found          int
	}{{"6.12.111+deb12-amd64", "", 0}, {"6.15.2", "", 1}, {"7.3.4", "ENOEXEC", 1}} {
		m := sound()
		release(m, c.release)
		m.Symtab.Strings = "the name of symbol 3 lies beyond it"
		got := apply(t, klp114, m)
		if len(got) != c.found || c.errno != "" && (got[0].Kernel == nil || got[0].Kernel.Errno != c.errno) {
			t.Errorf("%s: %+v", c.release, got)
		}
	}
}

// A number has no symbol on any kernel, and is KLP119's alone.
func TestNumberForReplacement(t *testing.T) {
	m := sound()
	release(m, "6.1.0-56-amd64")
	m.Patch.Objects[0].Funcs[0].New = klp.Code{Import: true, Nameless: true}
	got := apply(t, klp119, m)
	if len(got) != 1 || got[0].Kernel.Errno != "ENOENT" || !strings.Contains(got[0].Message, "is a number") {
		t.Errorf("%+v", got)
	}
	if other := apply(t, klp110, m); len(other) != 0 {
		t.Errorf("%+v", other)
	}
}

// x_null_name_replace_over_one: 6.1 and 6.12 crash, 7.3.4 refuses.
func TestNullNameAnswerByRelease(t *testing.T) {
	tests := []struct {
		release string
		replace klp.Replace
		crash   string // a part of the message, "" for none
	}{
		{"6.1.0-56-amd64", klp.Replace{Kind: klp.KindFlag, Flag: true}, "this kernel oopses"},
		{"6.12.111+deb12-amd64", klp.Replace{Kind: klp.KindFlag, Flag: true}, "this kernel oopses"},
		{"6.12.111+deb12-amd64", klp.Replace{Kind: klp.KindSet, Set: 0}, "this kernel oopses"},
		{"6.12.111+deb12-amd64", klp.Replace{Kind: klp.KindUnknown}, "this kernel oopses"},
		{"6.12.111+deb12-amd64", klp.Replace{Kind: klp.KindFlag, Source: klp.FromRuntime}, "this kernel oopses"},
		{"6.12.111+deb12-amd64", klp.Replace{Kind: klp.KindFlag, Source: klp.FromData}, ""},
		{"7.3.4", klp.Replace{Kind: klp.KindFlag, Flag: true}, ""},
		{"6.18.2", klp.Replace{Kind: klp.KindFlag, Flag: true}, "this kernel oopses"},
		{"next", klp.Replace{Kind: klp.KindFlag, Flag: true}, "kernels from 6.1 to 7.2 oops"},
	}
	for _, test := range tests {
		m := sound()
		release(m, test.release)
		m.Replace = test.replace
		m.Patch.Objects[0].Funcs[0].Name, m.Patch.Objects[0].Funcs[0].NameNull = "", true
		got := apply(t, klp104, m)
		if len(got) != 1 || got[0].Kernel.Errno != "EINVAL" {
			t.Fatalf("%s: %+v", test.release, got)
		}
		if text := got[0].Kernel.Note; test.crash == "" && text != "" || !strings.Contains(text, test.crash) {
			t.Errorf("%s, %+v: %q, want %q in it", test.release, test.replace, text, test.crash)
		}
	}
}

func TestManglingIsShownBesideTheRawName(t *testing.T) {
	m := sound()
	m.Patch.Objects[0].Funcs[0].Name = "_RNvCs1234_7mycrate3foo"
	m.Patch.Objects[0].Funcs[0].New = klp.Code{Null: true}
	got := apply(t, klp104, m)
	if len(got) != 1 || !strings.Contains(got[0].Message, "_RNvCs1234_7mycrate3foo (mycrate::foo)") {
		t.Errorf("%+v", got)
	}
	if got[0].Func != "_RNvCs1234_7mycrate3foo" {
		t.Errorf("func is %q, want the raw name", got[0].Func)
	}
}

// A hostile module repeats one defect without end: the findings stay few and
// their messages short, and the count is told.
func TestFindingsAreBounded(t *testing.T) {
	const n = 2_000
	m := sound()
	hostile := strings.Repeat("\x1b[31m", 2000)
	m.Patch.Objects = make([]klp.Object, 0, n)
	m.KlpSyms = make([]klp.KlpSym, 0, n)
	for range n {
		m.Patch.Objects = append(m.Patch.Objects, klp.Object{
			Name: hostile, Funcs: []klp.Func{{Name: hostile, New: klp.Code{Import: true, Symbol: hostile}}},
			Callbacks: []klp.Callback{{Kind: klp.PrePatch}, {Kind: klp.PrePatch}}, PostUnpatchEnabled: true,
		})
		m.KlpSyms = append(m.KlpSyms, klp.KlpSym{Raw: hostile, Malformed: "no comma"})
	}
	m.Sections = []klp.Section{{}, {Name: hostile, Type: uint32(elf.SHT_RELA), Flags: klp.SHFRelaLivepatch | uint64(elf.SHF_ALLOC), Info: 2}, {Name: hostile}}
	m.KlpRelas = []klp.KlpRela{{
		Section: hostile, Object: hostile, Malformed: "no dot", Index: 1, Entries: 1,
		Target: ".altinstructions", Foreign: make([]klp.Foreign, n), NonZero: []klp.NonZero{{}}, NonZeroCount: n,
	}}
	for _, r := range All() {
		if !r.Requires(ModuleInput) || r.Requires(KernelInput) {
			continue
		}
		got := apply(t, r, m)
		if len(got) > maxFindings {
			t.Errorf("%s: %d findings", r.ID(), len(got))
		}
		for _, f := range got {
			size := len(f.Message)
			if f.Kernel != nil {
				size += len(f.Kernel.Text())
			}
			if size > 4096 {
				t.Errorf("%s: %d bytes of message", r.ID(), size)
			}
		}
		if len(got) == maxFindings && (!strings.Contains(got[maxFindings-1].Message, "more of this kind are not shown") || got[maxFindings-1].Unshown == 0) {
			t.Errorf("%s: the rest is not told: %q", r.ID(), got[maxFindings-1].Message)
		}
	}
}

// A livepatch that patches an object of its own name has its funcs looked up in itself.
func TestObjectIsTheLivepatch(t *testing.T) {
	m := sound()
	m.StructName = "ext4"
	found := apply(t, klp105, m)
	if len(found) != 1 || found[0].Object != "ext4" || found[0].Kernel.Errno != "EINVAL" {
		t.Errorf("findings %+v", found)
	}
	m.Patch.Objects[1].Funcs[0].InItself = true
	if found := apply(t, klp105, m); len(found) != 0 {
		t.Errorf("a func that it has: %+v", found)
	}
}
