package release

import "testing"

// TestParse reads the first two numbers, and nothing from what has none.
func TestParse(t *testing.T) {
	for _, tc := range []struct {
		release      string
		major, minor int
		ok           bool
	}{
		{"6.12.117+deb12-amd64", 6, 12, true},
		{"5.10.0-136.12.0.86.oe2203sp1.x86_64", 5, 10, true},
		{"7.1-rc3", 7, 1, true},
		{"6.12", 6, 12, true},
		{"", 0, 0, false},
		{"custom", 0, 0, false},
		{"6", 6, 0, false},
		{"99999999999999999999.1", 0, 0, false},
	} {
		v, ok := Parse(tc.release)
		if ok != tc.ok || v.Known != ok || ok && (v.Major != tc.major || v.Minor != tc.minor) {
			t.Errorf("%q: %+v %v", tc.release, v, ok)
		}
	}
}
