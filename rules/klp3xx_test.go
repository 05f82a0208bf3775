package rules

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

const syntheticKernel = "../kernel/testdata/synthetic"

// kernelFrom loads files of the synthetic kernel, all of them when none is named.
func kernelFrom(t *testing.T, names ...string) *kernel.Kernel {
	t.Helper()
	paths := []string{syntheticKernel}
	if len(names) > 0 {
		paths = nil
		for _, n := range names {
			paths = append(paths, filepath.Join(syntheticKernel, n))
		}
	}
	ks, err := kernel.Options{}.Load(paths...)
	if err != nil {
		t.Fatal(err)
	}
	return ks[0]
}

// fitting is a livepatch that the synthetic kernel takes, with nothing that a
// rule would find.
func fitting() *klp.Module {
	m := sound()
	const vermagic = "6.12.99-synthetic SMP preempt mod_unload modversions "
	m.Vermagic = klp.Vermagic{Raw: vermagic, Release: "6.12.99-synthetic", Flags: strings.Fields(vermagic)[1:]}
	m.Arch = klp.X86_64
	m.ThisModuleSize = 1280
	m.Sections = append(m.Sections, klp.Section{Name: "__versions", Flags: 0x2})
	m.Imports = []klp.Import{{Name: "klp_enable_patch", HasCRC: true, CRC: 0x4139d4f8}}
	m.Patch.Objects = []klp.Object{
		{Name: "vmlinux", Null: true, Funcs: []klp.Func{
			{Name: "unique_show", OldAddr: 0xffffffff81000140, OldSize: 0x90},
			{Name: "label_show", Sympos: 2, OldAddr: 0xffffffff81000200},
			{Name: "cmdline_proc_show", Sympos: 1},
		}},
		{Name: "synth_target", Funcs: []klp.Func{
			{Name: "target_one", OldSize: 14},
			{Name: "target_pair", Sympos: 2, OldSize: 10},
		}},
	}
	m.KlpSyms = []klp.KlpSym{
		{Raw: ".klp.sym.vmlinux.label_show,3", Object: "vmlinux", Name: "label_show", Sympos: 3},
		{Raw: ".klp.sym.synth_target.target_data,0", Object: "synth_target", Name: "target_data"},
	}
	return m
}

// judge runs a rule of the kernel family; needs is what it misses.
func judge(t *testing.T, r *Rule, m *klp.Module, target klp.Target) (findings []finding.Finding, needs string) {
	t.Helper()
	result, err := r.Analyzer.Run(&analysis.Pass{
		Analyzer: r.Analyzer,
		ResultOf: map[*analysis.Analyzer]any{ModuleInput: m, KernelInput: target},
		Report:   func(analysis.Diagnostic) {},
	})
	var missing *MissingInput
	if err != nil && !errors.As(err, &missing) {
		t.Fatalf("%s: %v", r.ID(), err)
	}
	if missing != nil {
		needs = missing.Needs
	}
	return result.([]finding.Finding), needs
}

// The IDs are a promise: this list only grows.
func TestKernelRulesAreAllThere(t *testing.T) {
	var ids []string
	for _, r := range All() {
		if r.Requires(KernelInput) {
			ids = append(ids, r.ID())
		}
	}
	want := []string{
		"KLP211", "KLP212", "KLP213", "KLP214", "KLP215",
		"KLP301", "KLP302", "KLP303", "KLP304", "KLP305", "KLP306", "KLP307", "KLP308", "KLP309",
		"KLP310", "KLP311", "KLP312", "KLP313", "KLP314", "KLP315", "KLP316", "KLP317", "KLP319",
		"KLP321", "KLP322", "KLP324", "KLP325", "KLP326", "KLP330", "KLP331",
	}
	if !slices.Equal(ids, want) {
		t.Errorf("rules that need a kernel: %v", ids)
	}
}

func TestFittingModuleHasNoFindings(t *testing.T) {
	k := kernelFrom(t)
	for _, r := range kernelRules() {
		findings, needs := judge(t, r, fitting(), k)
		if len(findings) > 0 {
			t.Errorf("%s: %+v", r.ID(), findings)
		}
		if needs != "" && r != klp315 && r != klp313 && r != klp324 && r != klp325 && r != klp326 {
			t.Errorf("%s needs %s", r.ID(), needs)
		}
	}
}

func TestKernelRules(t *testing.T) {
	k := kernelFrom(t)
	vmlinux := func(m *klp.Module, f klp.Func) { m.Patch.Objects[0].Funcs = []klp.Func{f} }
	target := func(m *klp.Module, f klp.Func) { m.Patch.Objects[1].Funcs = []klp.Func{f} }
	sym := func(m *klp.Module, object, name string, sympos uint64) {
		m.KlpSyms = []klp.KlpSym{{Raw: ".klp.sym." + object + "." + name, Object: object, Name: name, Sympos: sympos}}
	}
	for _, c := range []moduleCase{
		{
			"other flags", klp301, func(m *klp.Module) { m.Vermagic.Raw = "6.12.99-synthetic SMP mod_unload rt " },
			[]expect{{finding.Error, "ENOEXEC", false, "this kernel lacks rt; the module lacks preempt, modversions", "", ""}},
		},
		{
			"other release, with CRCs", klp301, func(m *klp.Module) { m.Vermagic.Raw = "6.1.0 SMP preempt mod_unload modversions " },
			[]expect{{finding.Error, "", true, "the release is 6.1.0, this kernel's 6.12.99-synthetic", "", ""}},
		},
		{"other release, without CRCs", klp301, func(m *klp.Module) {
			m.Sections = nil
			m.Vermagic.Raw = "6.1.0 SMP preempt mod_unload modversions "
		}, []expect{{finding.Error, "ENOEXEC", false, "the release is 6.1.0", "", ""}}},
		{"no vermagic at all", klp301, func(m *klp.Module) {
			m.Vermagic, m.Modinfo.Entries = klp.Vermagic{}, nil
		}, []expect{{finding.Error, "ENOEXEC", false, "no vermagic, and this kernel has no CONFIG_MODULE_FORCE_LOAD", "", ""}}},
		{"an empty one is another rule's", klp301, func(m *klp.Module) {
			m.Vermagic, m.Modinfo.Entries = klp.Vermagic{}, []klp.ModinfoEntry{{Key: "vermagic"}}
		}, nil},

		{
			"missing", klp302, func(m *klp.Module) { vmlinux(m, klp.Func{Name: "no_such_function"}) },
			[]expect{{finding.Error, "EINVAL", false, "vmlinux has no such symbol", "vmlinux", "no_such_function"}},
		},
		{
			"copied by the compiler", klp302, func(m *klp.Module) { vmlinux(m, klp.Func{Name: "copied_function"}) },
			[]expect{{finding.Error, "EINVAL", false, "similar symbols: copied_function.isra.0", "vmlinux", "copied_function"}},
		},
		{
			"cold part", klp302, func(m *klp.Module) { vmlinux(m, klp.Func{Name: "cmdline_proc_show.cold"}) },
			[]expect{{finding.Error, "EINVAL", false, "the cold part of cmdline_proc_show; similar symbols: cmdline_proc_show", "vmlinux", "cmdline_proc_show.cold"}},
		},
		{
			"missing in a module", klp302, func(m *klp.Module) { target(m, klp.Func{Name: "target_ones"}) },
			[]expect{{finding.Error, "EINVAL", false, "similar symbols: target_one", "synth_target", "target_ones"}},
		},
		{"init text is another rule's", klp302, func(m *klp.Module) { target(m, klp.Func{Name: "init_module"}) }, nil},
		{"never applied", klp302, func(m *klp.Module) {
			m.Patch.Objects = []klp.Object{{Name: "vmlinux", Literal: true, Funcs: []klp.Func{{Name: "no_such_function"}}}}
		}, nil},

		{
			"ambiguous", klp303, func(m *klp.Module) { vmlinux(m, klp.Func{Name: "label_show"}) },
			[]expect{{finding.Error, "EINVAL", false, "3 symbols of that name, and sympos is 0", "vmlinux", "label_show"}},
		},
		{
			"ambiguous in a module", klp303, func(m *klp.Module) { target(m, klp.Func{Name: "target_pair"}) },
			[]expect{{finding.Error, "EINVAL", false, "synth_target has 2 symbols", "synth_target", "target_pair"}},
		},

		{
			"beyond", klp304, func(m *klp.Module) { vmlinux(m, klp.Func{Name: "label_show", Sympos: 4}) },
			[]expect{{finding.Error, "EINVAL", false, "sympos is 4, but vmlinux has 3 symbols", "vmlinux", "label_show,4"}},
		},
		{
			"beyond a unique one", klp304, func(m *klp.Module) { vmlinux(m, klp.Func{Name: "unique_show", Sympos: 2}) },
			[]expect{{finding.Error, "EINVAL", false, "vmlinux has 1 symbol of", "vmlinux", "unique_show,2"}},
		},

		{
			"noinstr", klp305, func(m *klp.Module) { vmlinux(m, klp.Func{Name: "exc_int3"}) },
			[]expect{{finding.Error, "EINVAL", false, "notrace, or compiled without a patchable entry", "vmlinux", "exc_int3"}},
		},
		{
			"data", klp305, func(m *klp.Module) { vmlinux(m, klp.Func{Name: "init_task"}) },
			[]expect{{finding.Error, "EINVAL", false, "it is not a function", "vmlinux", "init_task"}},
		},
		{
			"notrace in a module", klp305, func(m *klp.Module) { target(m, klp.Func{Name: "target_quiet"}) },
			[]expect{{finding.Error, "EINVAL", false, "cannot be patched", "synth_target", "target_quiet"}},
		},
		{"init text is another rule's", klp305, func(m *klp.Module) { vmlinux(m, klp.Func{Name: "start_kernel"}) }, nil},

		{
			"vmlinux", klp306, func(m *klp.Module) { vmlinux(m, klp.Func{Name: "start_kernel"}) },
			[]expect{{finding.Error, "EINVAL", false, "is in init text", "vmlinux", "start_kernel"}},
		},
		{
			"module", klp306, func(m *klp.Module) { target(m, klp.Func{Name: "init_module"}) },
			[]expect{{finding.Error, "EINVAL", false, "is in init text", "synth_target", "init_module"}},
		},

		{
			"other address", klp307, func(m *klp.Module) { m.Patch.Objects[0].Funcs[0].OldAddr += 0x40 },
			[]expect{{finding.Error, "", true, "was at 0xffffffff81000180", "vmlinux", "unique_show"}},
		},
		{
			"too large", klp307, func(m *klp.Module) { vmlinux(m, klp.Func{Name: "unique_show", OldSize: 0xc1}) },
			[]expect{{finding.Error, "", true, "at most 192", "vmlinux", "unique_show"}},
		},
		{"smaller proves nothing", klp307, func(m *klp.Module) { vmlinux(m, klp.Func{Name: "unique_show", OldSize: 8}) }, nil},
		{
			"other size in a module", klp307, func(m *klp.Module) { m.Patch.Objects[1].Funcs[0].OldSize = 13 },
			[]expect{{finding.Error, "", true, "13 bytes in the kernel that the module was built from, in this kernel it has 14", "synth_target", "target_one"}},
		},

		{
			"CRC", klp308, func(m *klp.Module) { m.Imports[0].CRC++ },
			[]expect{{finding.Error, "EINVAL", false, "CRC of klp_enable_patch is 0x4139d4f9", "", ""}},
		},
		{
			"not exported", klp308, func(m *klp.Module) { m.Imports[0].Name = "klp_enable" },
			[]expect{{finding.Error, "ENOENT", false, "klp_enable is not exported", "", ""}},
		},
		{
			"licence", klp308, func(m *klp.Module) { m.Modinfo.Entries[1].Value = "Proprietary" },
			[]expect{{finding.Error, "ENOENT", false, "GPL-compatible modules only", "", ""}},
		},
		{
			"namespace", klp308, func(m *klp.Module) { m.Imports = []klp.Import{{Name: "dma_buf_get"}} },
			[]expect{{finding.Error, "EINVAL", false, "namespace DMA_BUF", "", ""}},
		},

		{
			"no such module", klp309, func(m *klp.Module) { m.Patch.Objects[1].Name = "zfs" },
			[]expect{{finding.Error, "", true, `no module "zfs"`, "zfs", ""}},
		},
		{
			"spelling", klp309, func(m *klp.Module) { m.Patch.Objects[1].Name = "synth-target" },
			[]expect{{finding.Error, "", true, `its name is "synth_target"`, "synth-target", ""}},
		},
		{
			"built in", klp309, func(m *klp.Module) { m.Patch.Objects[1].Name = "builtin_fs" },
			[]expect{{finding.Error, "", true, "is built into", "builtin_fs", ""}},
		},

		{
			"missing", klp310, func(m *klp.Module) { sym(m, "vmlinux", "no_such", 0) },
			[]expect{{finding.Error, "EINVAL", false, "vmlinux has no symbol no_such", "vmlinux", ""}},
		},
		{
			"ambiguous", klp310, func(m *klp.Module) { sym(m, "vmlinux", "label_show", 0) },
			[]expect{{finding.Error, "EINVAL", false, "3 symbols named label_show", "vmlinux", ""}},
		},
		{
			"beyond", klp310, func(m *klp.Module) { sym(m, "synth_target", "target_pair", 3) },
			[]expect{{finding.Error, "EINVAL", false, "the number of symbols named target_pair in synth_target is 2", "vmlinux", ""}},
		},
		{"data will do", klp310, func(m *klp.Module) { sym(m, "vmlinux", "init_task", 1) }, nil},

		{
			"exported", klp311, func(m *klp.Module) { sym(m, "vmlinux", "_printk", 0) },
			[]expect{{finding.Info, "", false, "_printk is exported by vmlinux", "vmlinux", ""}},
		},
		{"exported by a module", klp311, func(m *klp.Module) { sym(m, "synth_target", "target_one", 0) }, nil},

		{
			"wrong position by address", klp314, func(m *klp.Module) { m.Patch.Objects[0].Funcs[1].Sympos = 3 },
			[]expect{{finding.Warning, "", true, "which matches position 2, not 3", "vmlinux", "label_show,3"}},
		},
		{
			"wrong position by size", klp314, func(m *klp.Module) { m.Patch.Objects[1].Funcs[1].Sympos = 1 },
			[]expect{{finding.Warning, "", true, "as 10 bytes, which matches position 2, not 1", "synth_target", "target_pair"}},
		},
		{"two others fit", klp314, func(m *klp.Module) {
			vmlinux(m, klp.Func{Name: "label_show", Sympos: 1, OldSize: 0x1000})
		}, nil},

		{
			"other size", klp316, func(m *klp.Module) { m.ThisModuleSize = 896 },
			[]expect{{finding.Error, "ENOEXEC", false, "has 896 bytes, this kernel's struct module has 1280", "", ""}},
		},
	} {
		t.Run(c.rule.ID()+" "+c.name, func(t *testing.T) {
			m := fitting()
			c.change(m)
			got, needs := judge(t, c.rule, m, k)
			if len(got) != len(c.want) || needs != "" {
				t.Fatalf("%d findings, want %d; needs %q: %+v", len(got), len(c.want), needs, got)
			}
			for i, want := range c.want {
				compare(t, got[i], want)
			}
		})
	}
}

// A module object's refusal comes when the module arrives; the finding says so.
func TestAnswerForModules(t *testing.T) {
	m := fitting()
	m.Patch.Objects[1].Funcs = []klp.Func{{Name: "no_such"}}
	got, _ := judge(t, klp302, m, kernelFrom(t))
	if len(got) != 1 || !strings.Contains(got[0].Kernel.Note, "loading synth_target is refused later") {
		t.Errorf("%+v", got)
	}
}

func TestAmbiguityListsPositions(t *testing.T) {
	m := fitting()
	m.Patch.Objects[0].Funcs = []klp.Func{{Name: "label_show"}}
	got, _ := judge(t, klp303, m, kernelFrom(t))
	if len(got) != 1 || len(got[0].Related) != 3 {
		t.Fatalf("%+v", got)
	}
	if want := "position 2: at 0xffffffff81000200, at most 64 bytes"; got[0].Related[1].Message != want {
		t.Errorf("%q, want %q", got[0].Related[1].Message, want)
	}
}

func TestKernelConfiguration(t *testing.T) {
	k := func(config string) *kernel.Kernel { return kernelWith(t, "config", config) }
	for _, c := range []struct {
		name, config string
		want         []expect
	}{
		{"all there", "CONFIG_LIVEPATCH=y\nCONFIG_HAVE_RELIABLE_STACKTRACE=y\n", nil},
		{"no livepatch", "# CONFIG_LIVEPATCH is not set\n", []expect{{finding.Error, "ENOEXEC", false, "no CONFIG_LIVEPATCH", "", ""}}},
		{"no reliable stack traces", "CONFIG_LIVEPATCH=y\n", []expect{{finding.Warning, "", true, "no reliable stack traces", "", ""}}},
		{
			"signing enforced", "CONFIG_LIVEPATCH=y\nCONFIG_HAVE_RELIABLE_STACKTRACE=y\nCONFIG_MODULE_SIG_FORCE=y\n",
			[]expect{{finding.Info, "EKEYREJECTED", false, "is not signed", "", ""}},
		},
	} {
		got, _ := judge(t, klp312, fitting(), k(c.config))
		if len(got) != len(c.want) {
			t.Errorf("%s: %+v", c.name, got)
			continue
		}
		for i := range got {
			compare(t, got[i], c.want[i])
		}
	}
}

// A layout that differs is told by fields; the synthetic kernel has no BTF, so
// the comparison is tested on its own.
func TestLayoutDifferences(t *testing.T) {
	ours := klp.Layout{Source: klp.LayoutDWARF, PatchSize: 200, ObjectSize: 168, FuncSize: 152, PatchReplace: 24, FuncNew: 8, ObjectFuncs: 8}
	if d := layoutDifferences(&ours, &ours); len(d) > 0 {
		t.Errorf("equal layouts differ: %v", d)
	}
	theirs := ours
	theirs.FuncSize, theirs.PatchReplace = 240, 16
	if d := layoutDifferences(&ours, &theirs); len(d) != 2 {
		t.Errorf("differences: %v", d)
	}
	ours.Source = klp.LayoutRelocations
	if d := layoutDifferences(&ours, &theirs); len(d) != 1 || !strings.Contains(d[0], "klp_func is 152, in this kernel 240") {
		t.Errorf("differences by relocations: %v", d)
	}
}

// What is not known is missing input, never silence.
func TestKernelRulesSayWhatIsMissing(t *testing.T) {
	bare := kernelFrom(t, "config")
	m := fitting()
	m.Layout.Source = klp.LayoutRelocations
	m.Replace.FieldSource = klp.FieldDWARF
	for _, r := range kernelRules() {
		if r == klp312 || r == klp317 || r == klp319 || r == klp331 || !r.Requires(KernelInput) {
			continue
		}
		if findings, needs := judge(t, r, m, bare); len(findings) > 0 || needs == "" {
			t.Errorf("%s: %d findings, needs %q", r.ID(), len(findings), needs)
		}
	}
	// Those that ask the configuration alone.
	m.BTF, m.Compression = &klp.ModuleBTF{Size: 1}, klp.XZ
	for _, r := range []*Rule{klp312, klp319, klp331} {
		if _, needs := judge(t, r, m, kernelFrom(t, "System.map")); needs == "" {
			t.Errorf("%s needs nothing", r.ID())
		}
	}
	// Symbols without a list of traceable functions: found, but no more is known.
	if _, needs := judge(t, klp305, m, kernelFrom(t, "System.map", "modules")); !strings.Contains(needs, "traceable functions of vmlinux") {
		t.Errorf("KLP305 needs %q", needs)
	}
}

func TestMismatch(t *testing.T) {
	k := kernelFrom(t)
	other := kernelWith(t, "config", "CONFIG_LIVEPATCH=y\n")
	m := fitting()
	m.Arch, m.Vermagic.Release = klp.ARM64, "6.18.3"
	target := kernel.Kernels{k, k}.For(m)
	for _, r := range kernelRules() {
		if !r.Requires(KernelInput) {
			continue
		}
		findings, needs := judge(t, r, m, target)
		if r == klp317 {
			if len(findings) != 1 || !strings.Contains(findings[0].Message, "6.18.3 (arm64)") {
				t.Errorf("KLP317: %+v", findings)
			}
			continue
		}
		if len(findings) > 0 || needs == "" {
			t.Errorf("%s: %d findings, needs %q", r.ID(), len(findings), needs)
		}
	}
	if _, ok := (kernel.Kernels{other}).For(m).(*kernel.Kernel); !ok {
		t.Error("the only kernel, of unknown release, is not taken")
	}
}

func TestSymbolRule(t *testing.T) {
	k := kernelFrom(t)
	for name, want := range map[string]*Rule{
		"unique_show": nil, "no_such": klp302, "label_show": klp303, "exc_int3": klp305, "start_kernel": klp306,
	} {
		if got := SymbolRule(k.FindFunc("vmlinux", name, 0)); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := SymbolRule(k.FindFunc("vmlinux", "label_show", 9)); got != klp304 {
		t.Errorf("position 9: %v", got)
	}
}

// kernelWith loads one made-up file.
func kernelWith(t *testing.T, name, content string) *kernel.Kernel {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	ks, err := kernel.Options{}.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return ks[0]
}
