package modfile

import (
	"strings"
	"testing"
)

// FuzzModinfo: the entries are the section's strings, in order and nothing else.
func FuzzModinfo(f *testing.F) {
	f.Add("license=GPL\x00livepatch=Y\x00\x00\x00vermagic=6.1 SMP mod_unload \x00")
	f.Add("no end")
	f.Add("\x00=\x00a=b=c\x00")
	f.Fuzz(func(t *testing.T, s string) {
		m := parse(s)
		end := uint64(0)
		for _, e := range m.Entries {
			text := s[e.Offset:]
			if i := strings.IndexByte(text, 0); i >= 0 {
				text = text[:i]
			}
			if text != e.Key+"="+e.Value && text != e.Key {
				t.Fatalf("entry %+v is not %q", e, text)
			}
			if strings.Trim(s[end:e.Offset], "\x00") != "" {
				t.Fatalf("text between entries: %q", s[end:e.Offset])
			}
			end = e.Offset + uint64(len(text))
		}
		if strings.Trim(s[end:], "\x00") != "" {
			t.Fatalf("text behind the entries: %q", s[end:])
		}
		if v, ok := m.Get("vermagic"); ok {
			if vm := ParseVermagic(v); vm.Raw != v || !strings.HasPrefix(v, vm.Release) {
				t.Fatalf("vermagic %q: %+v", v, vm)
			}
		}
	})
}
