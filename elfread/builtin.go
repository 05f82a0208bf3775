package elfread

import (
	"strconv"
	"strings"

	"github.com/klplint/klplint/internal/release"
	"github.com/klplint/klplint/klp"
)

// The layouts of include/linux/livepatch.h on 64-bit kernels without debug
// options: measured on 5.16, 6.1, 6.6, 6.12 and 7.3.
var (
	// modern: 5.5 and later, with struct klp_state.
	modern = klp.Layout{
		Source:    klp.LayoutBuiltin,
		PatchSize: 200, ObjectSize: 168, FuncSize: 152, StateSize: 24,
		PatchMod: 0, PatchObjs: 8, PatchStates: 16, HasStates: true, PatchReplace: 24,
		ReplaceField: klp.KindUnknown,
		ObjectName:   0, ObjectFuncs: 8, ObjectCallbacks: 16, HasCallbacks: true,
		FuncName: 0, FuncNew: 8, FuncSympos: 16,
		StateID: 0, StateVersion: 8,
	}
	// first: 5.1 to 5.4, where replace stands in the place of states.
	first = func() klp.Layout {
		l := modern
		l.PatchSize, l.StateSize = 192, 0
		l.PatchStates, l.HasStates, l.PatchReplace = 0, false, 16
		return l
	}()
	// openEuler: klp_func has an int "force" behind old_sympos; klp_object has
	// hooks_load and hooks_unload before its callbacks.
	openEuler = func() klp.Layout {
		l := modern
		l.FuncSize, l.ObjectSize, l.ObjectCallbacks = 168, 184, 32
		return l
	}()
)

// builtin returns the layout for a release as far as the table knows it, nil
// for releases before 5.1, whose struct klp_patch has no replace and differs
// from release to release. Distributions backport parts of newer structs, so
// that evidence in the module outranks the table. An unknown release gets the
// modern layout, which the callers check against the module. What it returns is
// only read.
func builtin(name string, register bool) *klp.Layout {
	v, ok := release.Parse(name)
	l := &modern
	switch {
	case !ok:
	case !v.AtLeast(5, 1):
		return nil
	case !v.AtLeast(5, 5):
		l = &first
	}
	// klp_register_patch() is gone from mainline since 5.1; openEuler kept it.
	if l.HasStates && (register || strings.Contains(name, ".oe")) {
		l = &openEuler
	}
	return l
}

// before51 reports whether a release is older than 5.1, which brought
// klp_patch.replace.
func before51(name string) bool {
	v, ok := release.Parse(name)
	return ok && !v.AtLeast(5, 1)
}

// fieldBefore51 tells whether a kernel of a release before 5.1 has
// klp_patch.replace. kpatch's hook (kmod/patch/livepatch-patch-hook.c:
// HAVE_KLP_REPLACE) sets it for Red Hat's kernels from RHEL 8.2 on, whose first
// build is 4.18.0-193, and for all others, Ubuntu's among them, from 5.1 on. Of
// SUSE's, openEuler's and other vendors' kernels no source was found: Unknown.
func fieldBefore51(name string) klp.Tri {
	v, _ := release.Parse(name)
	switch _, build, redHat := strings.Cut(name, "-"); {
	case redHat && strings.Contains(build, ".el8"):
		digits := build[:len(build)-len(strings.TrimLeft(build, "0123456789"))]
		n, err := strconv.Atoi(digits)
		switch {
		case err != nil:
			return klp.Unknown
		case n >= 193:
			return klp.Yes
		}
		return klp.No
	case redHat && strings.Contains(build, ".el7"):
		return klp.No
	case v.Vendor:
		return klp.Unknown
	}
	return klp.No
}
