package kernel

import (
	"fmt"
	"strings"

	"github.com/klplint/klplint/klp"
)

// For returns the kernel that a module is judged against: the one of its
// vermagic; the only one that was given; or one of unknown release, which could
// be the module's. Where none fits, the target is a *Mismatch.
func (ks Kernels) For(m *klp.Module) klp.Target {
	if k := ks.Choose(m.Vermagic.Release, m.Arch); k != nil {
		return k
	}
	return &Mismatch{Release: m.Vermagic.Release, Arch: m.Arch, Given: ks}
}

// Choose is For by release and architecture; nil where none fits.
func (ks Kernels) Choose(release string, arch klp.Arch) *Kernel {
	var unknown []*Kernel
	for _, k := range ks {
		if k.arch != "" && arch != "" && k.arch != arch {
			continue
		}
		if k.release != "" && k.release == release {
			return k
		}
		if k.release == "" || len(ks) == 1 {
			unknown = append(unknown, k)
		}
	}
	if len(unknown) == 1 {
		return unknown[0]
	}
	return nil
}

// Mismatch stands for the kernel of a module for which none of those given
// fits. It knows no symbols; its Behaviour is that of the module's release.
type Mismatch struct {
	Release string   // of the module
	Arch    klp.Arch // of the module
	Given   Kernels
}

var _ klp.Target = (*Mismatch)(nil)

// Error says which kernels were given.
func (x *Mismatch) Error() string {
	given := make([]string, len(x.Given))
	for i, k := range x.Given {
		given[i] = k.release
		if given[i] == "" {
			given[i] = "unknown release"
		}
		if k.arch != "" {
			given[i] += " (" + string(k.arch) + ")"
		}
	}
	return fmt.Sprintf("none of the given kernels is %s (%s): %s", x.Release, x.Arch, strings.Join(given, ", "))
}

// Behaviour returns that of the module's release.
func (x *Mismatch) Behaviour() klp.Behaviour { return BehaviourOf(x.Release) }

// FindFunc knows nothing.
func (x *Mismatch) FindFunc(string, string, uint64) klp.SymbolAnswer { return x.unknown() }

// FindSym knows nothing.
func (x *Mismatch) FindSym(string, string, uint64) klp.SymbolAnswer { return x.unknown() }

// CheckLoad knows nothing.
func (x *Mismatch) CheckLoad(*klp.Module) []klp.Refusal { return nil }

func (x *Mismatch) unknown() klp.SymbolAnswer {
	return klp.SymbolAnswer{Status: klp.SymbolUnknown, Reason: x.Error()}
}
