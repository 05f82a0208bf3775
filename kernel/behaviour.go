package kernel

import (
	"strings"

	"github.com/klplint/klplint/internal/release"
	"github.com/klplint/klplint/klp"
)

// BehaviourOf returns how a kernel of the given release (the first word of its
// vermagic) answers where releases differ. What the release does not tell is
// Unknown, or both names of an errno. A release that hides its stable number
// (Debian's 6.1.0-56-amd64, Ubuntu's and Red Hat's x.y.0-n) leaves unknown
// what stable updates changed; (*Kernel).Behaviour knows more when an image's
// version banner spells the number.
func BehaviourOf(name string) klp.Behaviour {
	v, _ := release.Parse(name)
	return behaviour(name, v)
}

// BehaviourFor returns how the kernel that a module of the given release is
// loaded into answers: the target's own behaviour where its release is known,
// else that of the module's release, since a module loads into a kernel of its
// own release. t may be nil.
func BehaviourFor(t klp.Target, name string) klp.Behaviour {
	if t != nil {
		if b := t.Behaviour(); b.Release != "" || name == "" {
			return b
		}
	}
	return BehaviourOf(name)
}

// The lists of which Behaviours carry parts; sharing them makes a look-up free.
var (
	eitherErrno     = [...]string{"EEXIST", "EBUSY"}
	sysfsAttributes = [...]string{"enabled", "transition", "force", "replace", "stack_order"} // the last two since 6.11 and 6.14
)

// behaviour is the one table of release-dependent answers. Each line names its
// evidence; "measured" means that the answer was taken from that kernel
// running.
func behaviour(name string, v release.Version) klp.Behaviour {
	b := klp.Behaviour{
		Release: name, InitEEXIST: eitherErrno[:],
		SysfsAttributes: sysfsAttributes[:3],
	}
	if !v.Known {
		return b
	}

	// "module: Override -EEXIST module return" (743f8cae549a, modules pull for
	// 7.1) was proposed to stable trees in April 2026. EEXIST stays itself on
	// 6.1.192, 6.12.111, 6.18.15, 6.19.14 and 7.0.13, and is EBUSY on 7.1.13,
	// 7.2.13 and 7.3.4 (all measured). Trees that had ended by then cannot have
	// it; 5.15, 6.6, and later updates of 6.18, 6.19 and 7.0 may.
	switch {
	case v.AtLeast(7, 1):
		b.InitEEXIST = eitherErrno[1:]
	case v.Is(6, 1), v.Is(6, 12), !stableIn2026(v) && !v.Vendor,
		upTo(v, 6, 18, 15), upTo(v, 6, 19, 14), upTo(v, 7, 0, 13):
		b.InitEEXIST = eitherErrno[:1]
	}

	// klp_check_patch() refuses the NULL name since 7.3-rc1 (1a38fd13c31e read,
	// 7.3.4 measured); 6.1, 6.12, 6.18.15, 6.19.14, 7.0.13, 7.1.13 and 7.2.13
	// oops (measured), and the code is the same in between.
	switch {
	case v.AtLeast(7, 3):
		b.NullNameCrashes = klp.No
	case v.AtLeast(6, 1):
		b.NullNameCrashes = klp.Yes
	}

	// "livepatch: Match old_sympos 0 and 1 in klp_find_func()" (139560e8b973,
	// 6.19) went to stable trees in January 2026: 6.12.64 by Debian's
	// changelog; 6.1.192 and 6.18.15 (measured) have it, and 6.1.159 is older
	// than the backport.
	switch {
	case v.AtLeast(6, 19):
		b.Sympos01 = klp.Yes
	case v.Vendor || v.Stable < 0:
	case v.Is(6, 12):
		b.Sympos01 = tri(v.Stable >= 64)
	case v.Is(6, 1) && v.Stable >= 192, v.Is(6, 18) && v.Stable >= 15:
		b.Sympos01 = klp.Yes
	case v.Is(6, 1) && v.Stable <= 159, !stableIn2026(v):
		b.Sympos01 = klp.No
	}

	// Unchecked in 6.1, checked in 6.12 and 7.3 (measured or read).
	switch {
	case v.AtLeast(6, 12):
		b.ThisModuleSizeChecked = klp.Yes
	case !v.AtLeast(6, 2) && !v.Vendor:
		b.ThisModuleSizeChecked = klp.No
	}

	// Read in 6.1 and 6.12, and measured on both.
	switch {
	case v.AtLeast(6, 12):
		b.LookupWithinRegion = klp.Yes
	case !v.AtLeast(6, 2) && !v.Vendor:
		b.LookupWithinRegion = klp.No
	}

	// The early application of .klp.rela.vmlinux.* and with it the refusal
	// came with 5.8; vendor kernels of older releases carry it in part.
	switch {
	case v.AtLeast(5, 8):
		b.RefusesVmlinuxInModuleRela = klp.Yes
	case !v.Vendor:
		b.RefusesVmlinuxInModuleRela = klp.No
	}

	// "module: Add kflagstab section to vmlinux and modules" and what follows it
	// (7.1): the images of 7.2.13 and 7.3.4 have the section.
	switch {
	case v.AtLeast(7, 1):
		b.ExportFlagsDemanded = klp.Yes
	case !v.Vendor:
		b.ExportFlagsDemanded = klp.No
	}

	// EXPORT_SYMBOL_GPL_FOR_MODULES came with 6.16; read in 7.3, absent from 6.12.
	switch {
	case v.AtLeast(6, 16):
		b.RefusesModuleNamespace = klp.Yes
	case !v.Vendor:
		b.RefusesModuleNamespace = klp.No
	}

	// Read in 7.3, where changed modules showed the second, and absent from 6.12.
	switch {
	case v.AtLeast(7, 3):
		b.BTFLayout, b.StringTableChecked = klp.Yes, klp.Yes
	case !v.AtLeast(6, 13) && !v.Vendor:
		b.BTFLayout, b.StringTableChecked = klp.No, klp.No
	}

	// Documentation/ABI/testing/sysfs-kernel-livepatch; 6.1 and 6.12 measured.
	switch {
	case v.AtLeast(6, 14):
		b.SysfsAttributes = sysfsAttributes[:5]
	case v.AtLeast(6, 11):
		b.SysfsAttributes = sysfsAttributes[:4]
	}

	// KSYM_NAME_LEN grew from 128 to 512 in 6.1, the scan's width with it.
	switch {
	case v.AtLeast(6, 1):
		b.KsymNameLen, b.KlpSymNameWidth = 512, 511
	case !v.Vendor:
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

// upTo reports whether it is a release of that series, and no later update of
// it than the one given.
func upTo(v release.Version, major, minor, stable int) bool {
	return v.Is(major, minor) && v.Stable >= 0 && v.Stable <= stable && !v.Vendor
}

// stableIn2026 reports whether kernel.org still made stable releases of this
// series in 2026, so that a fix of that year can be in a late one.
func stableIn2026(v release.Version) bool {
	switch {
	case v.AtLeast(6, 18):
		return true
	case v.Major == 5:
		return v.Minor == 10 || v.Minor == 15
	case v.Major == 6:
		return v.Minor == 1 || v.Minor == 6 || v.Minor == 12
	}
	return false
}

// bannerVersion finds the stable release that a distribution writes into the
// version banner beside its ABI name: "Debian 6.1.192-2", "(Ubuntu
// 5.15.0-91.101-generic 5.15.131)". It must be of the release's own series.
func bannerVersion(name, banner string) release.Version {
	v, ok := release.Parse(name)
	if !ok || v.Stable >= 0 {
		return v
	}
	for _, word := range strings.FieldsFunc(banner, func(r rune) bool { return strings.ContainsRune(" ()#", r) }) {
		if word == name || word == "" || word[0] < '0' || word[0] > '9' {
			continue
		}
		if w, ok := release.Parse(word); ok && w.Is(v.Major, v.Minor) && w.Stable > 0 && strings.Count(word, ".") >= 2 {
			w.Vendor = v.Vendor
			return w
		}
	}
	return v
}
