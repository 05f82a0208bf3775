package names

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDemangle(t *testing.T) {
	tests := []struct {
		name, raw, want string
		ok              bool
	}{
		{"C", "cmdline_proc_show", "", false},
		{"C with a suffix", "copy_process.part.8", "", false},
		{"rust v0", "_RNvCs1234_7mycrate3foo", "mycrate::foo", true},
		{"rust v0 behind padding", "__pfx__RNvCs1234_7mycrate3foo", "mycrate::foo", true},
		{"rust v0 behind kCFI", "__cfi__RNvCs1234_7mycrate3foo", "mycrate::foo", true},
		{"rust legacy", "_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt", true},
		{"C++", "_Z3fooi", "foo(int)", true},
		{"looks mangled", "_Request", "", false},
		{"prefix alone", "__pfx_", "", false},
		{"empty", "", "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := Demangle(test.raw)
			if got != test.want || ok != test.ok {
				t.Errorf("Demangle(%q) = %q, %v; want %q, %v", test.raw, got, ok, test.want, test.ok)
			}
		})
	}
}

// A short name can unfold without end; the bound is what keeps a hostile
// module from exhausting memory.
func TestDemangleIsBounded(t *testing.T) {
	bomb := "_RNvC1a" + strings.Repeat("INtC1aB2_", 20) + "1b"
	hostile := []string{
		bomb,
		"_R" + strings.Repeat("INvC1a1bTB2_B2_B2_B2_E", 9),
		"_Z1f" + strings.Repeat("S_", 500) + "i",
		"_Z" + strings.Repeat("N", 100_000),
	}
	for _, raw := range hostile {
		got, _ := Demangle(raw)
		if len(got) > 1<<14 {
			t.Errorf("%.40q: %d characters", raw, len(got))
		}
	}
}

func TestShow(t *testing.T) {
	if got, want := Show(""), "(none)"; got != want {
		t.Errorf("Show of nothing = %q, want %q", got, want)
	}
	if got, want := Show("_RNvCs1234_7mycrate3foo"), "_RNvCs1234_7mycrate3foo (mycrate::foo)"; got != want {
		t.Errorf("Show = %q, want %q", got, want)
	}
	long := Show(strings.Repeat("é", 10_000))
	if len(long) > MaxShown || !strings.HasSuffix(long, "...") || !utf8.ValidString(long) {
		t.Errorf("long name shown as %d bytes, %q", len(long), long)
	}
}
