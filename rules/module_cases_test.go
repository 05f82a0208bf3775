package rules

import (
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

// sound is a module without any finding, of the static form, for 6.12. Tests
// break one thing of it.
func sound() *klp.Module {
	text := func(symbol string, offset uint64) klp.Code {
		return klp.Code{
			Symbol: symbol, At: klp.Location{Section: ".text", Offset: offset, Symbol: symbol},
			Size: 32, Exec: true, Start: true, Symbols: true,
		}
	}
	data := func(offset uint64) klp.Location { return klp.Location{Section: ".data", Offset: offset} }
	return &klp.Module{
		Path: "fix.ko", Name: "fix", Kind: klp.KindLivepatch, Arch: klp.X86_64, Toolchain: klp.Static,
		Modinfo: klp.Modinfo{Present: true, Entries: []klp.ModinfoEntry{
			{Key: "livepatch", Value: "Y"},
			{Key: "license", Value: "GPL", Offset: 12},
			{Key: "depends", Value: "", Offset: 24},
			{Key: "vermagic", Value: "6.12.111+deb12-amd64 SMP preempt mod_unload modversions ", Offset: 33},
		}},
		Vermagic: klp.Vermagic{
			Raw:     "6.12.111+deb12-amd64 SMP preempt mod_unload modversions ",
			Release: "6.12.111+deb12-amd64", Flags: []string{"SMP", "preempt", "mod_unload", "modversions"},
		},
		Replace: klp.Replace{Kind: klp.KindFlag, Flag: true, Source: klp.FromData, FieldSource: klp.FieldAssumed},
		Patch: klp.Patch{
			Found: true, At: data(0),
			Objects: []klp.Object{
				{
					At: data(0xe0), Name: "vmlinux", Null: true, FuncsAt: data(0x240),
					Funcs: []klp.Func{
						{At: data(0x240), Name: "cmdline_proc_show", New: text("klpp_cmdline", 0)},
						{At: data(0x2d8), Name: "dup_static", Sympos: 2, New: text("klpp_dup", 32)},
						{At: data(0x370), Name: "dup_static", Sympos: 1, New: text("klpp_dup1", 64)},
					},
					Callbacks: []klp.Callback{
						{Kind: klp.PrePatch, Func: text("pre", 96)}, {Kind: klp.PostPatch, Func: text("post", 128)},
					},
				},
				{
					At: data(0x188), Name: "ext4", FuncsAt: data(0x500),
					Funcs: []klp.Func{{At: data(0x500), Name: "cmdline_proc_show", New: text("klpp_ext4", 160)}},
				},
			},
			HasStates: true, States: []klp.State{{ID: 1, Version: 1}, {ID: 7, Version: 3}}, StatesAt: data(0x900),
		},
		Init: klp.Init{
			At: klp.Location{Section: ".init.text", Symbol: "init_module"}, Decoded: true,
			Enables: []klp.Enable{{At: klp.Location{Section: ".init.text", Offset: 9}, Arg: klp.ArgData, Data: data(0)}},
		},
		Imports: []klp.Import{{Name: "klp_enable_patch"}},
		Symtab:  klp.SymtabStatus{Entries: 40},
		KlpSyms: []klp.KlpSym{
			{Raw: ".klp.sym.vmlinux.jiffies_lock,0", Object: "vmlinux", Name: "jiffies_lock", Shndx: klp.SHNLivepatch},
			{Raw: ".klp.sym.ext4.ext4_iget,1", Object: "ext4", Name: "ext4_iget", Sympos: 1, Shndx: klp.SHNLivepatch},
			{Raw: ".klp.tombstone.static_key", Tombstone: true, Shndx: klp.SHNLivepatch, Weak: true},
		},
		KlpRelas: []klp.KlpRela{
			{Section: ".klp.rela.vmlinux..text", Object: "vmlinux", Target: ".text", Entries: 1, Symbols: []int{0}},
			{Section: ".klp.rela.vmlinux.__jump_table", Object: "vmlinux", Target: "__jump_table", Entries: 1, Symbols: []int{0}},
			{Section: ".klp.rela.ext4..text", Object: "ext4", Target: ".text", Entries: 2, Symbols: []int{1}},
		},
		Sections: []klp.Section{
			{},
			{Name: ".text", Flags: shfAlloc | shfExecinstr, Offset: 0x40, Size: 192},
			{Name: ".kpatch.force"},
			{Name: ".kpatch.funcs"},
			{Name: ".kpatch.callbacks.pre_patch"},
			{Name: "__klp_relocs.vmlinux"},
			{Name: ".init.klp_funcs"},
			{Name: ".gnu.linkonce.this_module", Type: 1, Flags: shfAlloc | shfWrite, Size: 0x4c0},
		},
	}
}

// apply runs a rule of one module as any driver would.
func apply(t *testing.T, r *Rule, m *klp.Module) []finding.Finding {
	t.Helper()
	reported := 0
	result, err := r.Analyzer.Run(&analysis.Pass{
		Analyzer: r.Analyzer,
		ResultOf: map[*analysis.Analyzer]any{ModuleInput: m},
		Report:   func(analysis.Diagnostic) { reported++ },
	})
	if err != nil {
		t.Fatalf("%s: %v", r.ID(), err)
	}
	findings := result.([]finding.Finding)
	if reported != len(findings) {
		t.Errorf("%s: %d findings, but %d diagnostics", r.ID(), len(findings), reported)
	}
	for _, f := range findings {
		if f.Rule != r.ID() || f.Severity == 0 || f.Module != m.Path {
			t.Errorf("finding is not complete: %+v", f)
		}
		if f.Message == "" || strings.HasSuffix(f.Message, ".") || len(f.Message) > 4096 {
			t.Errorf("message is not one bounded sentence: %q", f.Message)
		}
	}
	return findings
}

// expect is what one finding must say.
type expect struct {
	severity finding.Severity
	errno    string // "" where the kernel accepts or nothing is foretold, "crash" where it does not survive
	accepted bool   // the answer tells what happens after a load that works
	message  string // a part of it
	object   string
	fn       string
}

type moduleCase struct {
	name   string
	rule   *Rule
	change func(*klp.Module)
	want   []expect
}

func check(t *testing.T, cases []moduleCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.rule.ID()+" "+c.name, func(t *testing.T) {
			m := sound()
			c.change(m)
			got := apply(t, c.rule, m)
			if len(got) != len(c.want) {
				t.Fatalf("%d findings, want %d: %+v", len(got), len(c.want), got)
			}
			for i, want := range c.want {
				compare(t, got[i], want)
			}
		})
	}
}

func compare(t *testing.T, got finding.Finding, want expect) {
	t.Helper()
	if got.Severity != want.severity {
		t.Errorf("severity %v, want %v", got.Severity, want.severity)
	}
	if !strings.Contains(got.Message, want.message) {
		t.Errorf("message %q does not contain %q", got.Message, want.message)
	}
	if got.Object != want.object || got.Func != want.fn {
		t.Errorf("about %q, %q; want %q, %q", got.Object, got.Func, want.object, want.fn)
	}
	errno, accepted := "", false
	if k := got.Kernel; k != nil {
		errno, accepted = k.Errno, k.Outcome() == finding.Accepted
		if k.Crash != (k.Outcome() == finding.Crash) || k.Crash && errno != "" {
			t.Errorf("the kernel crashes: %t, with errno %q and the message %q", k.Crash, errno, k.Message)
		}
		if k.Crash {
			errno = "crash"
		}
	}
	if errno != want.errno || accepted != want.accepted {
		t.Errorf("kernel's answer %+v; want errno %q, accepted: %v", got.Kernel, want.errno, want.accepted)
	}
}

func release(m *klp.Module, release string) {
	m.Vermagic = klp.Vermagic{Raw: release + " SMP mod_unload ", Release: release, Flags: []string{"SMP", "mod_unload"}}
}

func TestSoundModuleHasNoFindings(t *testing.T) {
	for _, r := range All() {
		if !r.Requires(ModuleInput) || r.Requires(KernelInput) {
			continue
		}
		for _, toolchain := range []klp.Toolchain{klp.Static, klp.KpatchBuild, klp.KlpBuild} {
			m := sound()
			m.Toolchain = toolchain
			if got := apply(t, r, m); len(got) > 0 {
				t.Errorf("%s, %s: %+v", r.ID(), toolchain, got)
			}
		}
	}
}

// A rule of livepatches says nothing about other files, which drivers other
// than klplint's own may hand to it.
func TestOnlyKLP100JudgesOtherFiles(t *testing.T) {
	for _, r := range All() {
		if !r.Requires(ModuleInput) || r.Requires(KernelInput) {
			continue
		}
		got := apply(t, r, &klp.Module{Path: "other.ko", Kind: klp.KindModule})
		if want := 0; r == klp100 {
			want = 1
			if len(got) != want {
				t.Errorf("KLP100: %d findings, want %d", len(got), want)
			}
		} else if len(got) != want {
			t.Errorf("%s judges an ordinary module: %+v", r.ID(), got)
		}
	}
}

// An empty livepatch is what a reader may return for a file that claims to be
// one and has nothing else: no rule may stumble over it.
func TestRulesTakeAnEmptyModule(t *testing.T) {
	for _, r := range All() {
		if r.Requires(ModuleInput) && !r.Requires(KernelInput) {
			apply(t, r, &klp.Module{Path: "empty.ko", Kind: klp.KindLivepatch})
		}
	}
}

func BenchmarkModuleRules(b *testing.B) {
	m := sound()
	o := &m.Patch.Objects[0]
	for len(o.Funcs) < 20 {
		f := o.Funcs[0]
		f.Name = "function_number_" + string(rune('a'+len(o.Funcs)))
		o.Funcs = append(o.Funcs, f)
	}
	results := map[*analysis.Analyzer]any{ModuleInput: m}
	var passes []*analysis.Pass
	for _, r := range All() {
		if r.Requires(ModuleInput) && !r.Requires(KernelInput) && !r.NonDefault {
			passes = append(passes, &analysis.Pass{Analyzer: r.Analyzer, ResultOf: results, Report: func(analysis.Diagnostic) {}})
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, p := range passes {
			if _, err := p.Analyzer.Run(p); err != nil {
				b.Fatal(err)
			}
		}
	}
}
