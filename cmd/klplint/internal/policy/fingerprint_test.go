package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

func TestFingerprints(t *testing.T) {
	base := finding.Finding{
		Rule: "KLP104", Module: "build/a.ko", Object: "vmlinux", Func: "f",
		Message: "func at 0x1f00 has no name, see .text+0x18", Location: klp.Location{Section: ".data", Offset: 16, Symbol: "funcs"},
	}
	change := func(f func(*finding.Finding)) finding.Finding {
		c := base
		f(&c)
		return c
	}
	names := map[string]string{"build/a.ko": "a", "other/a.ko": "a", "b.ko": "b"}
	got := Fingerprints([]finding.Finding{
		base,
		change(func(f *finding.Finding) { f.Location.Offset = 99 }),
		change(func(f *finding.Finding) { f.Message = "func at 0xbeef has no name, see .text+0x1c0" }),
		change(func(f *finding.Finding) { f.Module = "other/a.ko" }),
		change(func(f *finding.Finding) { f.Module = "b.ko" }),
		change(func(f *finding.Finding) { f.Rule = "KLP105" }),
		change(func(f *finding.Finding) { f.Func = "g" }),
		change(func(f *finding.Finding) { f.Object, f.Func = "vmlinuxf", "" }),
		change(func(f *finding.Finding) { f.Module = "unknown.ko" }),
	}, names)
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(got[0]) {
		t.Errorf("fingerprint %q is not 32 hex digits", got[0])
	}
	for i, suffix := range []string{"", ":2", ":3", ""} {
		if want := got[0] + suffix; got[i] != want {
			t.Errorf("rebuild %d: %s, want %s", i, got[i], want)
		}
	}
	seen := make(map[string]bool)
	for i, f := range got {
		if i == 3 {
			continue // of another file of the same module
		}
		if seen[f] {
			t.Errorf("fingerprint %d (%s) is not unique", i, f)
		}
		seen[f] = true
	}
}

// A file's fingerprints are those that it has by itself, wherever it lies and
// whatever is judged with it.
func TestFingerprintsOfFilesOfOneModule(t *testing.T) {
	of := func(path string, equal int) (out []finding.Finding) {
		for i := range equal {
			out = append(out, finding.Finding{Rule: "KLP104", Module: path, Message: "no name", Location: klp.Location{Section: ".data", Offset: uint64(i)}})
		}
		return out
	}
	names := map[string]string{"old/a.ko": "a", "new/a.ko": "a"}
	one, three := of("old/a.ko", 1), of("new/a.ko", 3)
	want := slices.Concat(Fingerprints(one, names), Fingerprints(three, names))
	if got := Fingerprints(slices.Concat(one, three), names); !slices.Equal(got, want) {
		t.Errorf("together %v, alone %v", got, want)
	}
	if got := Fingerprints(slices.Concat(three, one), names); !slices.Equal(got, slices.Concat(want[1:], want[:1])) {
		t.Errorf("in the other order %v, alone %v", got, want)
	}
}

// What findings differ in is told apart, digits or not.
func TestFingerprintsTellApart(t *testing.T) {
	var findings []finding.Finding
	for _, message := range []string{
		"s2_c and s1_c both patch f", "s2_c and s3_c both patch f",
		"state 7 at version 1", "state 7 at version 2", "state 8 at version 1",
		"both use shadow-variable id 0x11", "both use shadow-variable id 0x12",
		"sympos 1 of func f", "sympos 2 of func f",
		"module 0x1 is loaded", "module 0x2 is loaded", "what0x1 at", "what0x2 at",
	} {
		findings = append(findings, finding.Finding{Rule: "KLP401", Module: "a.ko", Message: message})
	}
	seen := make(map[string]string)
	for i, print := range Fingerprints(findings, nil) {
		if other, ok := seen[print]; ok || strings.Contains(print, ":") {
			t.Errorf("%q has the fingerprint of %q", findings[i].Message, other)
		}
		seen[print] = findings[i].Message
	}
}

// A finding about more funcs than its message names is another one when any of
// them is, and the same in whatever order it lists them.
func TestFingerprintsOfManyFuncs(t *testing.T) {
	about := func(change func([]finding.Func) []finding.Func) finding.Finding {
		var funcs []finding.Func
		for i := range 12 {
			funcs = append(funcs, finding.Func{Object: "vmlinux", Name: fmt.Sprintf("f%d", i)})
		}
		return finding.Finding{Rule: "KLP401", Module: "a.ko", Message: "both patch vmlinux:f0 and 11 more", Funcs: change(funcs)}
	}
	prints := Fingerprints([]finding.Finding{
		about(func(f []finding.Func) []finding.Func { return f }),
		about(func(f []finding.Func) []finding.Func { f[11].Name = "g"; return f }),
		about(func(f []finding.Func) []finding.Func { f[11].Object = "xfs"; return f }),
		about(func(f []finding.Func) []finding.Func { f[11].Name = "f11,2"; return f }),
		about(func(f []finding.Func) []finding.Func { return f[:11] }),
		about(func(f []finding.Func) []finding.Func { return nil }),
	}, nil)
	seen := make(map[string]int)
	for i, print := range prints {
		if other, ok := seen[print]; ok || strings.Contains(print, ":") {
			t.Errorf("finding %d has the fingerprint of %d", i, other)
		}
		seen[print] = i
	}
	turned := about(func(f []finding.Func) []finding.Func { slices.Reverse(f); return f })
	if got := Fingerprints([]finding.Finding{turned}, nil)[0]; got != prints[0] {
		t.Errorf("in another order: %s, want %s", got, prints[0])
	}
	if turned.Funcs[0].Name != "f11" {
		t.Error("the finding itself was sorted")
	}
}

// Two findings of one message are told apart by what their rule says beside it, as it
// stands: a name that looks like an offset is a name.
func TestFingerprintsOfIdentity(t *testing.T) {
	about := func(words ...string) finding.Finding {
		return finding.Finding{Rule: "SITE1", Module: "a.ko", Message: "does not go with klp+0x1", Funcs: []finding.Func{{Object: "vmlinux", Name: "f"}}, Identity: words}
	}
	findings := []finding.Finding{
		about(), about("module b"), about("module c"), about("module klp+0x1"), about("module klp+0x2"),
		about("module b", "state 11"), about("module b", "state 12"), about("module b", "state 11", "state 11"),
	}
	named := about()
	named.Funcs = append(named.Funcs, finding.Func{Object: "module", Name: "b"})
	findings = append(findings, named)
	seen := make(map[string]int)
	prints := Fingerprints(findings, nil)
	for i, print := range prints {
		if other, ok := seen[print]; ok || strings.Contains(print, ":") {
			t.Errorf("finding %d has the fingerprint of %d", i, other)
		}
		seen[print] = i
	}
	turned := about("state 11", "module b")
	if got := Fingerprints([]finding.Finding{turned}, nil)[0]; got != prints[5] {
		t.Errorf("in another order: %s, want %s", got, prints[5])
	}
	if turned.Identity[0] != "state 11" {
		t.Error("the finding itself was sorted")
	}
	bare := about()
	bare.Message = "does not go with klp+0x2"
	if got := Fingerprints([]finding.Finding{bare}, nil)[0]; got != prints[0] {
		t.Error("offsets in messages are masked")
	}
}

func TestMasked(t *testing.T) {
	for in, want := range map[string]string{
		"":                            "",
		"0x":                          "0x",
		"+0x":                         "+0x",
		".text+0x18 and .data+0xFF":   ".text+# and .data+#",
		"at 0x10, offset 0x20":        "at #, offset #",
		"the first 0x10 at 16":        "the first 0x10 at 16",
		"flat 0x10":                   "flat 0x10",
		"at 0x1fg":                    "at #g",
		"klp_3 lacks state 7 (7.3.4)": "klp_3 lacks state 7 (7.3.4)",
	} {
		if got := string(appendMasked(nil, in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
