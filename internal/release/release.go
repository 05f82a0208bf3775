// Package release reads the names of kernel releases, as uname -r and vermagic
// spell them.
package release

import (
	"strconv"
	"strings"
)

// Version is the numeric part of a release.
type Version struct {
	Known        bool // a release was read; else all is zero
	Major, Minor int
	Stable       int  // third number; -1 where the release hides it
	Vendor       bool // a distribution that takes features into old releases
}

// AtLeast reports whether the version is major.minor or a later one.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// Is reports whether the version is one of the series major.minor.
func (v Version) Is(major, minor int) bool { return v.Major == major && v.Minor == minor }

// Parse reads "6.12.117+deb12-amd64" and its like. An x.y.0 followed by
// '-' and a digit is a distribution's ABI number, which hides the stable
// number. Known is what the second result is.
func Parse(release string) (Version, bool) {
	var n [3]int
	rest, count := release, 0
	for ; count < 3; count++ {
		digits := 0
		for digits < len(rest) && digits < 6 && rest[digits] >= '0' && rest[digits] <= '9' {
			digits++
		}
		if digits == 0 {
			break
		}
		n[count], _ = strconv.Atoi(rest[:digits]) // at most six digits: cannot fail
		rest = rest[digits:]
		if count < 2 && strings.HasPrefix(rest, ".") {
			rest = rest[1:]
			continue
		}
		count++
		break
	}
	if count < 2 {
		return Version{}, false
	}
	v := Version{Known: true, Major: n[0], Minor: n[1], Stable: n[2]}
	// Red Hat and its rebuilds, openEuler, SUSE, and other enterprise series.
	for _, mark := range []string{".el", ".oe", ".an", ".amzn", "-default", ".uek"} {
		v.Vendor = v.Vendor || strings.Contains(rest, mark)
	}
	if v.Stable == 0 && len(rest) > 1 && rest[0] == '-' && rest[1] >= '0' && rest[1] <= '9' {
		v.Stable = -1
	}
	if strings.HasPrefix(rest, "-rc") {
		v.Stable = 0
	}
	return v, true
}
