package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/rules"
)

// decode reads JSON with exact numbers and refuses bytes behind it.
func decode(t *testing.T, b []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	if d.More() {
		t.Fatalf("bytes behind the object: %s", b)
	}
	return v
}

// noNulls fails for any null, which the format never holds.
func noNulls(t *testing.T, at string, v any) {
	t.Helper()
	switch v := v.(type) {
	case nil:
		t.Errorf("%s is null", at)
	case map[string]any:
		for k, e := range v {
			noNulls(t, at+"."+k, e)
		}
	case []any:
		for i, e := range v {
			noNulls(t, fmt.Sprintf("%s[%d]", at, i), e)
		}
	}
}

func testModule() *klp.Module {
	return &klp.Module{
		Path: "a\x1b[31m\n\xff.ko", Name: "lp_a", Kind: klp.KindLivepatch, Arch: klp.X86_64, Toolchain: klp.KpatchBuild, Size: math.MaxInt64,
		SHA256: "00ff", Compression: klp.XZ, Vermagic: klp.Vermagic{Raw: "6.12 SMP", Release: "6.12"},
		Modinfo:   klp.Modinfo{Entries: []klp.ModinfoEntry{{Key: "license", Value: "GPL"}, {Key: "depends", Value: "ext4,,jbd2"}}},
		Signature: &klp.Signature{IDType: "pkcs7", Hash: "sha256", Algo: "rsa", Signer: "CN=x"},
		Layout:    klp.Layout{Source: klp.LayoutDWARF},
		Replace:   klp.Replace{Kind: klp.KindSets, Source: klp.FromData, FieldSource: klp.FieldDWARF},
		Patch: klp.Patch{
			Objects: []klp.Object{
				{Name: "vmlinux", Callbacks: []klp.Callback{{Kind: klp.PrePatch}}, Funcs: []klp.Func{
					{Name: "_RNvC7mycrate3foo", Sympos: math.MaxUint64, New: klp.Code{Symbol: "new", Size: 1 << 63}, OldSize: 7},
					{},
				}},
				{Name: "ext4", Literal: true},
			},
			States: []klp.State{{ID: math.MaxUint64, Version: math.MaxUint32}},
		},
		KlpRelas: []klp.KlpRela{{Section: ".klp.rela.ext4..text", Object: "ext4", Target: ".text", Symbols: []int{1}}, {Section: ".klp.rela."}},
		KlpSyms:  []klp.KlpSym{{}, {Object: "ext4", Name: "f", Sympos: 2}},
	}
}

func TestDumpJSON(t *testing.T) {
	var b bytes.Buffer
	d := NewDumpJSON(&b, Options{})
	_ = d.Module(testModule())
	_ = d.Module(&klp.Module{Path: "b.ko", Kind: klp.KindLivepatch, Replace: klp.Replace{Kind: klp.KindFlag, Source: klp.FromCode}})
	_ = d.Problem(lint.Error{Path: "c.ko", Offset: 12, Section: ".data", Message: "cut \"off\""})
	if err := d.Close(DumpTotal{}); err != nil {
		t.Fatal(err)
	}
	got := decode(t, b.Bytes())
	noNulls(t, "dump", got)
	n := func(s string) json.Number { return json.Number(s) }
	want := map[string]any{
		"path": "a\x1b[31m\n\ufffd.ko", "name": "lp_a", "kind": "livepatch", "arch": "x86_64", "kernel_release": "6.12", "vermagic": "6.12 SMP",
		"toolchain": "kpatch-build", "sha256": "00ff", "size": n("9223372036854775807"), "compression": "xz", "signed": true,
		"signature": map[string]any{"id_type": "pkcs7", "hash": "sha256", "algorithm": "rsa", "signer": "CN=x"},
		"license":   "GPL", "depends": []any{"ext4", "jbd2"}, "layout": map[string]any{"source": "dwarf"},
		"replace": map[string]any{"kind": "sets", "sets": []any{}, "null": false, "source": "data", "field_source": "dwarf"},
		"objects": []any{
			map[string]any{"name": "vmlinux", "literal": false, "callbacks": []any{"pre_patch"}, "funcs": []any{
				map[string]any{
					"name": "_RNvC7mycrate3foo", "demangled": "mycrate::foo", "sympos": n("18446744073709551615"), "new": "new",
					"new_size": n("9223372036854775808"), "old_size": n("7"),
				},
				map[string]any{"name": "", "sympos": n("0"), "new": ""},
			}},
			map[string]any{"name": "ext4", "literal": true, "callbacks": []any{}, "funcs": []any{}},
		},
		"states": []any{map[string]any{"id": n("18446744073709551615"), "version": n("4294967295")}},
		"klp_relas": []any{
			map[string]any{"section": ".klp.rela.ext4..text", "object": "ext4", "target": ".text", "symbols": []any{
				map[string]any{"object": "ext4", "name": "f", "sympos": n("2")},
			}},
			map[string]any{"section": ".klp.rela.", "object": "", "target": "", "symbols": []any{}},
		},
	}
	modules := got["modules"].([]any)
	if diff := cmp.Diff(want, modules[0]); diff != "" {
		t.Errorf("module (-want +got):\n%s", diff)
	}
	second := modules[1].(map[string]any)
	if diff := cmp.Diff(map[string]any{"kind": "flag", "flag": false, "source": "code"}, second["replace"]); diff != "" {
		t.Errorf("replace (-want +got):\n%s", diff)
	}
	wantErrors := []any{map[string]any{"path": "c.ko", "offset": n("12"), "section": ".data", "message": `cut "off"`}}
	if diff := cmp.Diff(wantErrors, got["errors"]); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

func TestDumpJSONEmpty(t *testing.T) {
	var b bytes.Buffer
	if err := NewDumpJSON(&b, Options{}).Close(DumpTotal{}); err != nil {
		t.Fatal(err)
	}
	got := decode(t, b.Bytes())
	if diff := cmp.Diff(map[string]any{"schema": json.Number("1"), "modules": []any{}, "errors": []any{}}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestJSONFlush: output beyond the buffer is whole, commas at the seams too.
func TestJSONFlush(t *testing.T) {
	var b bytes.Buffer
	d := NewDumpJSON(&b, Options{})
	const n = 500
	for i := range n {
		m := testModule()
		m.Path = strings.Repeat("x", i)
		_ = d.Module(m)
	}
	if b.Len() == 0 {
		t.Error("nothing was written on the way")
	}
	if err := d.Close(DumpTotal{}); err != nil {
		t.Fatal(err)
	}
	if got := len(decode(t, b.Bytes())["modules"].([]any)); got != n {
		t.Errorf("%d modules, want %d", got, n)
	}
}

var errFull = errors.New("disk full")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestJSONWriteError(t *testing.T) {
	if err := LintJSON(fullDisk{}, &Lint{Verdict: &policy.Verdict{}}, Options{}); !errors.Is(err, errFull) {
		t.Errorf("LintJSON: %v", err)
	}
	if err := NewDumpJSON(fullDisk{}, Options{}).Close(DumpTotal{}); !errors.Is(err, errFull) {
		t.Errorf("DumpJSON: %v", err)
	}
	if err := LintText(fullDisk{}, testLint(), Options{}); !errors.Is(err, errFull) {
		t.Errorf("LintText: %v", err)
	}
	if err := LintTable(fullDisk{}, testLint(), Options{}); !errors.Is(err, errFull) {
		t.Errorf("LintTable: %v", err)
	}
}

func testLint() *Lint {
	return &Lint{
		Version: "v1", Model: "mainline",
		Verdict: &policy.Verdict{
			ExitCode: 1,
			Modules: []policy.Module{
				{Module: lint.Module{Path: "a.ko", Name: "a", SHA256: "aa"}, Verdict: policy.Fail},
				{Module: lint.Module{Path: "b.ko"}, Verdict: policy.Pass},
			},
			Findings: []policy.Finding{
				{Fingerprint: "f1", Finding: finding.Finding{
					Rule: "KLP401", Severity: finding.Error, Module: "a.ko", Message: "both patch\x07 f", Object: "vmlinux", Func: "f,2",
					Location: klp.Location{Section: ".data", Offset: 1 << 40, Symbol: "funcs"}, Kernel: &finding.Answer{Errno: "EINVAL", Message: "no"},
					Related: []finding.Related{{Module: "b.ko", Message: "here", Location: klp.Location{Section: ".bss"}}},
				}},
				{Fingerprint: "f2", Finding: finding.Finding{Rule: "KLP100", Severity: finding.Warning, Module: "b\n.ko", Message: "whole file"}},
			},
			NotEvaluated: []lint.NotEvaluated{
				{Rule: "KLP301", Module: "a.ko", Needs: "kernel"},
				{Rule: "KLP302", Module: "a.ko", Needs: "kernel"},
				{Rule: "KLP301", Module: "b.ko", Needs: "kernel"},
				{Rule: "KLP302", Module: "b.ko", Needs: "symbols of ext4"},
			},
			Errors:  []lint.Error{{Path: "c.ko", Message: "gone"}, {Path: "a.ko", Rule: "KLP9", Message: "panic"}},
			Summary: lint.Summary{Modules: 2, Skipped: 1, Errors: 2, Error: 1, Warning: 1},
		},
	}
}

func TestLintJSON(t *testing.T) {
	var b bytes.Buffer
	if err := LintJSON(&b, testLint(), Options{}); err != nil {
		t.Fatal(err)
	}
	const want = `{"schema":1,"tool":{"name":"klplint","version":"v1"},"model":"mainline",
"modules":[{"path":"a.ko","name":"a","sha256":"aa","verdict":"fail"},{"path":"b.ko","name":"","verdict":"pass"}],
"findings":[
{"rule":"KLP401","severity":"error","module":"a.ko","message":"both patch\u0007 f","object":"vmlinux","func":"f,2",
 "location":{"section":".data","offset":1099511627776,"symbol":"funcs"},"kernel":{"outcome":"refused","errno":"EINVAL","message":"no","note":""},
 "related":[{"module":"b.ko","message":"here","location":{"section":".bss","offset":0,"symbol":""}}],
 "fingerprint":"f1","waived":false,"known":false},
{"rule":"KLP100","severity":"warning","module":"b\n.ko","message":"whole file","object":"","func":"",
 "location":{"section":"","offset":0,"symbol":""},"related":[],"fingerprint":"f2","waived":false,"known":false}],
"fixed":[],"not_evaluated":[{"rule":"KLP301","module":"a.ko","needs":"kernel"},{"rule":"KLP302","module":"a.ko","needs":"kernel"},
 {"rule":"KLP301","module":"b.ko","needs":"kernel"},{"rule":"KLP302","module":"b.ko","needs":"symbols of ext4"}],
"errors":[{"path":"c.ko","offset":0,"section":"","message":"gone"},{"path":"a.ko","offset":0,"section":"","message":"panic","rule":"KLP9"}],
"summary":{"modules":2,"skipped":1,"errors":2,"error":1,"warning":1,"info":0},"exit_code":1}`
	if diff := cmp.Diff(decode(t, []byte(want)), decode(t, b.Bytes())); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	b.Reset()
	if err := LintJSON(&b, &Lint{Verdict: &policy.Verdict{}}, Options{}); err != nil {
		t.Fatal(err)
	}
	noNulls(t, "lint", decode(t, b.Bytes()))
}

func TestLintText(t *testing.T) {
	var b strings.Builder
	if err := LintText(&b, testLint(), Options{}); err != nil {
		t.Fatal(err)
	}
	const want = `a.ko: error: both patch\x07 f [KLP401] (.data+0x10000000000 funcs)
b\n.ko: warning: whole file [KLP100]
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestLintTable(t *testing.T) {
	var b strings.Builder
	if err := LintTable(&b, testLint(), Options{Width: 60, Verbose: true}); err != nil {
		t.Fatal(err)
	}
	const want = `severity  rule    finding
─────────────────────────────────────────────────────
a.ko
error     KLP401  both patch\x07 f
                  at .data+0x10000000000 funcs
                  kernel: EINVAL: no
                  see b.ko: here (.bss+0x0)

b\n.ko
warning   KLP100  whole file

2 livepatches checked: 1 error, 1 warning; 1 other file skipped; 2 could not be checked
not evaluated: KLP301 KLP302 (needs kernel)
not evaluated: KLP302 (needs symbols of ext4)
`
	got := b.String()
	line := strings.Split(got, "\n")[1]
	got = strings.Replace(got, line, "─────────────────────────────────────────────────────", 1)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestLacks: one line by what the rules look at, with at most two things that lack.
func TestLacks(t *testing.T) {
	l := &Lint{Rules: rules.All(), Verdict: &policy.Verdict{NotEvaluated: []lint.NotEvaluated{
		{Rule: "KLP301", Needs: "kernel"},
		{Rule: "KLP302", Module: "a.ko", Needs: "kernel"},
		{Rule: "KLP302", Module: "b.ko", Needs: "kernel"},
		{Rule: "KLP401", Needs: "set"},
		{Rule: "KLP580", Needs: "a manifest"},
	}}}
	want := []string{"not evaluated: 2 rules about the kernel (no kernel was given); 1 rule about a set of modules (there is one module); KLP580 (needs a manifest); -v names the rules"}
	if diff := cmp.Diff(want, l.Lacks(false)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	l.Verdict.NotEvaluated = []lint.NotEvaluated{
		{Rule: "KLP301", Needs: "kernel"}, {Rule: "KLP302", Needs: "symbols of ext4"}, {Rule: "KLP302", Needs: "symbols of xfs"},
	}
	want = []string{"not evaluated: 2 rules about the kernel (needs kernel; symbols of ext4, and 1 more); -v names the rules"}
	if diff := cmp.Diff(want, l.Lacks(false)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	l.Verdict.NotEvaluated = nil
	if got := l.Lacks(false); len(got) != 0 {
		t.Errorf("nothing lacks: %q", got)
	}
}

func TestFindingOfRust(t *testing.T) {
	l := &Lint{Verdict: &policy.Verdict{Findings: []policy.Finding{{Finding: finding.Finding{
		Rule: "KLP110", Severity: finding.Error, Module: "a.ko", Message: "no function", Func: "_RNvC7mycrate3foo,1",
		Location: klp.Location{Section: ".text", Symbol: "_RNvC7mycrate3bar"},
	}}}}}
	var b strings.Builder
	if err := LintText(&b, l, Options{}); err != nil {
		t.Fatal(err)
	}
	const want = "a.ko: error: no function; _RNvC7mycrate3foo is mycrate::foo; _RNvC7mycrate3bar is mycrate::bar [KLP110] (.text+0x0 _RNvC7mycrate3bar)\n"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// BenchmarkLintJSON: a list is written element by element, without allocations
// for each of its modules.
func BenchmarkLintJSON(b *testing.B) {
	l := &Lint{Verdict: &policy.Verdict{}}
	for i := range 10000 {
		l.Verdict.Modules = append(l.Verdict.Modules, policy.Module{
			Module: lint.Module{Path: fmt.Sprintf("build/lp-%05d.ko", i), Name: "lp", SHA256: strings.Repeat("ab", 32)}, Verdict: policy.Pass,
		})
	}
	b.ReportAllocs()
	for b.Loop() {
		var w bytes.Buffer
		w.Grow(4 << 20)
		if err := LintJSON(&w, l, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
