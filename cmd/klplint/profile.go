package main

import (
	"maps"
	"slices"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

// profile is a set of choices for one toolchain or vendor. What a flag, the
// environment or the configuration say goes before it; enable, disable and
// shared funcs are added to theirs.
type profile struct {
	name      string
	enable    []string
	severity  map[string]finding.Severity
	shared    []string
	toolchain klp.Toolchain    // whose modules are expected; "" for any
	failOn    finding.Severity // 0 leaves the default
}

// allProfiles are described in docs/policy.md.
func allProfiles() []profile {
	return []profile{
		{
			// Forced funcs were checked by hand for kpatch-core; livepatch
			// kernels ignore the record.
			name:      "kpatch",
			severity:  map[string]finding.Severity{"KLP113": finding.Error, "KLP210": finding.Error, "KLP502": finding.Error},
			toolchain: klp.KpatchBuild,
		},
		{
			name:      "klp-build",
			severity:  map[string]finding.Severity{"KLP113": finding.Error},
			toolchain: klp.KlpBuild,
		},
		{
			// The checks of scripts/lp-mod-checks.sh, and uname, which every
			// livepatch of SUSE patches.
			name:      "suse",
			enable:    []string{"KLP505", "KLP581"},
			severity:  map[string]finding.Severity{"KLP505": finding.Error},
			shared:    []string{"vmlinux:*newuname"},
			toolchain: klp.Static,
		},
		{
			name:   "strict",
			enable: []string{"KLP311", "KLP505", "KLP506"},
			failOn: finding.Warning,
		},
	}
}

// profiles joins the named ones.
func profiles(names []string) (profile, error) {
	var p profile
	p.severity = make(map[string]finding.Severity)
	all := allProfiles()
	var known []string
	for i := range all {
		known = append(known, all[i].name)
	}
	for _, name := range names {
		i := slices.Index(known, name)
		if i < 0 {
			return p, usageErrorf("--profile %s: %w", name, suggested(name, known))
		}
		q := &all[i]
		if p.toolchain != "" && q.toolchain != "" && p.toolchain != q.toolchain {
			return p, usageErrorf("--profile %s: its modules come from another toolchain than those of the other profile", name)
		}
		p.enable = append(p.enable, q.enable...)
		p.shared = append(p.shared, q.shared...)
		maps.Copy(p.severity, q.severity)
		if q.toolchain != "" {
			p.toolchain = q.toolchain
		}
		p.failOn = max(p.failOn, q.failOn)
	}
	return p, nil
}
