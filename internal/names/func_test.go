package names

import "testing"

func TestBase(t *testing.T) {
	for name, want := range map[string]string{
		"cmdline_proc_show":   "cmdline_proc_show",
		"foo.isra.0":          "foo",
		"foo.constprop.12":    "foo",
		"foo.isra.0.cold":     "foo",
		"foo.part.3.isra.0":   "foo",
		"foo.cold":            "foo",
		"foo.llvm.1234567890": "foo",
		"foo.0":               "foo.0", // a static variable's name, no copy of a function
		"foo.bar":             "foo.bar",
		"foo.isra.x":          "foo.isra.x",
		"foo.isra.":           "foo.isra.",
		".isra.0":             ".isra.0",
		"":                    "",
		".":                   ".",
	} {
		if got := FuncBase(name); got != want {
			t.Errorf("FuncBase(%q) = %q, want %q", name, got, want)
		}
	}
}
