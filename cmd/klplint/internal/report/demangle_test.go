package report

import (
	"strings"
	"testing"
)

func TestDemangled(t *testing.T) {
	for in, want := range map[string]string{
		"cmdline_proc_show":                      "",
		"_R":                                     "",
		"_RNvC7mycrate3foo":                      "mycrate::foo",
		"_RNvC7mycrate3foo.llvm.123":             "mycrate::foo.llvm.123",
		"__pfx__RNvC7mycrate3foo":                "__pfx_mycrate::foo",
		"_ZN4core3fmt5write17h0123456789abcdefE": "core::fmt::write",
		"_Z3fooi":                                "foo(int)",
	} {
		if got := demangled(in); got != want {
			t.Errorf("demangled(%q) = %q, want %q", in, got, want)
		}
	}
	// A name that doubles itself again and again stays bounded.
	bomb := "_Z1fI" + strings.Repeat("S_", 3) + "E" + strings.Repeat("1XIS_S_E", 40)
	if got := demangled(bomb); len(got) > 1<<maxDemangled+64 {
		t.Errorf("%d bytes of a name of %d", len(got), len(bomb))
	}
	bomb = "_RINvC1a1fT" + strings.Repeat("TB0_B0_E", 60) + "EE"
	if got := demangled(bomb); len(got) > 1<<maxDemangled+64 {
		t.Errorf("%d bytes of a name of %d", len(got), len(bomb))
	}
}
