package settings

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/flags"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

// Profile is a set of choices for one toolchain or vendor. What a flag, the
// environment or the configuration say goes before it; enable, disable and
// shared funcs are added to theirs.
type Profile struct {
	Name      string
	Enable    []string
	Severity  map[string]finding.Severity
	Shared    []string         // globs over funcs
	Toolchain klp.Toolchain    // whose modules are expected; "" for any
	FailOn    finding.Severity // 0 leaves the default
}

// Profiles are described in docs/policy.md.
func Profiles() []Profile {
	return []Profile{
		{
			// Forced funcs were checked by hand for kpatch-core; livepatch
			// kernels ignore the record.
			Name:      "kpatch",
			Severity:  map[string]finding.Severity{"KLP113": finding.Error, "KLP210": finding.Error, "KLP502": finding.Error},
			Toolchain: klp.KpatchBuild,
		},
		{
			Name:      "klp-build",
			Severity:  map[string]finding.Severity{"KLP113": finding.Error},
			Toolchain: klp.KlpBuild,
		},
		{
			// The checks of scripts/lp-mod-checks.sh, and uname, which every
			// livepatch of SUSE patches.
			Name:      "suse",
			Enable:    []string{"KLP505", "KLP581"},
			Severity:  map[string]finding.Severity{"KLP505": finding.Error},
			Shared:    []string{"vmlinux:*newuname"},
			Toolchain: klp.Static,
		},
		{
			Name:   "strict",
			Enable: []string{"KLP311", "KLP505", "KLP506"},
			FailOn: finding.Warning,
		},
	}
}

// profiles joins the named ones.
func (r *resolver) profiles() error {
	p := &r.profile
	p.Severity = make(map[string]finding.Severity)
	all := Profiles()
	var known []string
	for i := range all {
		known = append(known, all[i].Name)
	}
	for _, name := range r.f.profiles {
		i := slices.Index(known, name)
		if i < 0 {
			return fmt.Errorf("--profile %s: %w", name, flags.Wanted(name, known))
		}
		q := &all[i]
		if p.Toolchain != "" && q.Toolchain != "" && p.Toolchain != q.Toolchain {
			return fmt.Errorf("--profile %s: conflicts with another profile, whose toolchain is a different one", name)
		}
		p.Enable = append(p.Enable, q.Enable...)
		p.Shared = append(p.Shared, q.Shared...)
		maps.Copy(p.Severity, q.Severity)
		if q.Toolchain != "" {
			p.Toolchain = q.Toolchain
		}
		p.FailOn = max(p.FailOn, q.FailOn)
	}
	if p.FailOn != 0 && r.origin["fail-on"] == "" {
		r.f.failOn, r.origin["fail-on"] = flags.Threshold(p.FailOn), "profile"
	}
	r.s.SharedFuncs = slices.Concat(withPositions(r.f.shared), p.Shared)
	r.s.Enable, r.s.Disable = slices.Concat(r.f.enable, p.Enable), r.f.disable
	return nil
}

// withPositions puts "func,sympos" together again, which a list that is split at
// its commas takes apart: no func is called by a number.
func withPositions(list []string) []string {
	var out []string
	for _, s := range list {
		if len(out) > 0 && s != "" && strings.Trim(s, "0123456789") == "" {
			out[len(out)-1] += "," + s
			continue
		}
		out = append(out, s)
	}
	return out
}
