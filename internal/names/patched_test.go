package names

import "testing"

func TestPatched(t *testing.T) {
	for want, got := range map[string]string{
		"vmlinux":   Object("vmlinux", false),
		`"vmlinux"`: Object("vmlinux", true),
		"f":         Func("f", 0),
		"g":         Func("g", 1),
		"f,2":       Func("f", 2),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
