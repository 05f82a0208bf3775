package policy

import (
	"regexp"
	"testing"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

func TestFingerprints(t *testing.T) {
	base := finding.Finding{
		Rule: "KLP104", Module: "build/a.ko", Object: "vmlinux", Func: "f",
		Message: "func 3 at 0x1f00 has no name", Location: klp.Location{Section: ".data", Offset: 16, Symbol: "funcs"},
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
		change(func(f *finding.Finding) { f.Message = "func 17 at 0xbeef has no name" }),
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
	for i, suffix := range []string{"", ":2", ":3", ":4"} {
		if want := got[0] + suffix; got[i] != want {
			t.Errorf("rebuild %d: %s, want %s", i, got[i], want)
		}
	}
	seen := make(map[string]bool)
	for i, f := range got {
		if seen[f] {
			t.Errorf("fingerprint %d (%s) is not unique", i, f)
		}
		seen[f] = true
	}
}
