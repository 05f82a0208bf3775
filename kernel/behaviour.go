package kernel

import (
	"strconv"
	"strings"

	"github.com/klplint/klplint/klp"
)

// BehaviourOf returns how a kernel of the given release (the first word of its
// vermagic) answers where releases differ. What the release does not tell is
// Unknown, or both names of an errno. A release that hides its stable number
// (Debian's 6.1.0-56-amd64, Ubuntu's and Red Hat's x.y.0-n) leaves unknown
// what stable updates changed; (*Kernel).Behaviour knows more when an image's
// version banner spells the number.
func BehaviourOf(release string) klp.Behaviour {
	v, _ := parseVersion(release)
	return behaviour(release, v)
}

// The lists of which Behaviours carry parts; sharing them makes a look-up free.
var (
	eitherErrno     = [...]string{"EEXIST", "EBUSY"}
	sysfsAttributes = [...]string{"enabled", "transition", "force", "replace", "stack_order"} // the last two since 6.11 and 6.14
)

// behaviour is the one table of release-dependent answers. Each line names its
// evidence; "measured" means that the answer was taken from that kernel
// running.
func behaviour(release string, v version) klp.Behaviour {
	b := klp.Behaviour{
		Release: release, InitEEXIST: eitherErrno[:],
		SysfsAttributes: sysfsAttributes[:3],
	}
	if !v.known {
		return b
	}

	// "module: Override -EEXIST module return" (743f8cae549a, modules pull for
	// 7.1) was proposed to stable trees in April 2026; 6.1.192 and 6.12.111
	// (measured) do not have it, 7.3.4 (measured) does. Trees that had ended
	// by then cannot have it; 5.15, 6.6, 6.18, 6.19 and 7.0 may.
	switch {
	case v.atLeast(7, 1):
		b.InitEEXIST = eitherErrno[1:]
	case v.is(6, 1), v.is(6, 12), !v.stableIn2026() && !v.vendor:
		b.InitEEXIST = eitherErrno[:1]
	}

	// klp_check_patch() of 7.3.4 refuses the NULL name (measured) that makes
	// 6.1 and 6.12 oops (measured); the release that brought it is not known.
	switch {
	case v.atLeast(7, 3):
		b.NullNameCrashes = klp.No
	case v.atLeast(6, 1) && !v.atLeast(6, 13):
		b.NullNameCrashes = klp.Yes
	}

	// "livepatch: Match old_sympos 0 and 1 in klp_find_func()" (139560e8b973,
	// 6.19) went to stable trees in January 2026: 6.12.64 by Debian's
	// changelog; 6.1.192 has it, and 6.1.159 is older than the backport.
	switch {
	case v.atLeast(6, 19):
		b.Sympos01 = klp.Yes
	case v.vendor || v.stable < 0:
	case v.is(6, 12):
		b.Sympos01 = tri(v.stable >= 64)
	case v.is(6, 1) && v.stable >= 192:
		b.Sympos01 = klp.Yes
	case v.is(6, 1) && v.stable <= 159, !v.stableIn2026():
		b.Sympos01 = klp.No
	}

	// Unchecked in 6.1, checked in 6.12 and 7.3 (measured or read).
	switch {
	case v.atLeast(6, 12):
		b.ThisModuleSizeChecked = klp.Yes
	case !v.atLeast(6, 2) && !v.vendor:
		b.ThisModuleSizeChecked = klp.No
	}

	// The early application of .klp.rela.vmlinux.* and with it the refusal
	// came with 5.8; vendor kernels of older releases carry it in part.
	switch {
	case v.atLeast(5, 8):
		b.RefusesVmlinuxInModuleRela = klp.Yes
	case !v.vendor:
		b.RefusesVmlinuxInModuleRela = klp.No
	}

	// Documentation/ABI/testing/sysfs-kernel-livepatch; 6.1 and 6.12 measured.
	switch {
	case v.atLeast(6, 14):
		b.SysfsAttributes = sysfsAttributes[:5]
	case v.atLeast(6, 11):
		b.SysfsAttributes = sysfsAttributes[:4]
	}

	// KSYM_NAME_LEN grew from 128 to 512 in 6.1, the scan's width with it.
	switch {
	case v.atLeast(6, 1):
		b.KsymNameLen, b.KlpSymNameWidth = 512, 511
	case !v.vendor:
		b.KsymNameLen, b.KlpSymNameWidth = 128, 127
	}
	return b
}

func tri(yes bool) klp.Tri {
	if yes {
		return klp.Yes
	}
	return klp.No
}

// version is the numeric part of a release.
type version struct {
	known        bool
	major, minor int
	stable       int  // third number; -1 where the release hides it
	vendor       bool // a distribution that takes features into old releases
}

func (v version) atLeast(major, minor int) bool {
	return v.major > major || v.major == major && v.minor >= minor
}

func (v version) is(major, minor int) bool { return v.major == major && v.minor == minor }

// stableIn2026 reports whether kernel.org still made stable releases of this
// series in 2026, so that a fix of that year can be in a late one.
func (v version) stableIn2026() bool {
	switch {
	case v.atLeast(6, 18):
		return true
	case v.major == 5:
		return v.minor == 10 || v.minor == 15
	case v.major == 6:
		return v.minor == 1 || v.minor == 6 || v.minor == 12
	}
	return false
}

// parseVersion reads "6.12.117+deb12-amd64" and its like. An x.y.0 followed by
// '-' and a digit is a distribution's ABI number, which hides the stable
// number.
func parseVersion(release string) (version, bool) {
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
		return version{}, false
	}
	v := version{known: true, major: n[0], minor: n[1], stable: n[2]}
	// Red Hat and its rebuilds, openEuler, SUSE, and other enterprise series.
	for _, mark := range []string{".el", ".oe", ".an", ".amzn", "-default", ".uek"} {
		v.vendor = v.vendor || strings.Contains(rest, mark)
	}
	if v.stable == 0 && len(rest) > 1 && rest[0] == '-' && rest[1] >= '0' && rest[1] <= '9' {
		v.stable = -1
	}
	if strings.HasPrefix(rest, "-rc") {
		v.stable = 0
	}
	return v, true
}

// bannerVersion finds the stable release that a distribution writes into the
// version banner beside its ABI name: "Debian 6.1.192-2", "(Ubuntu
// 5.15.0-91.101-generic 5.15.131)". It must be of the release's own series.
func bannerVersion(release, banner string) version {
	v, ok := parseVersion(release)
	if !ok || v.stable >= 0 {
		return v
	}
	for _, word := range strings.FieldsFunc(banner, func(r rune) bool { return strings.ContainsRune(" ()#", r) }) {
		if word == release || word == "" || word[0] < '0' || word[0] > '9' {
			continue
		}
		if w, ok := parseVersion(word); ok && w.is(v.major, v.minor) && w.stable > 0 && strings.Count(word, ".") >= 2 {
			w.vendor = v.vendor
			return w
		}
	}
	return v
}
