package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

// klp582 holds modules to the toolchain of a profile. Without one it is off.
func klp582(toolchain klp.Toolchain) *Rule {
	return NewModuleRule(&Rule{
		Severity:   finding.Error,
		Since:      "0.1",
		Tags:       []string{"policy", "toolchain"},
		NonDefault: toolchain == "",
		Analyzer: &analysis.Analyzer{
			Name: "KLP582",
			Doc: `module was not built by the profile's toolchain

The profiles kpatch, klp-build and suse say which toolchain writes a team's
livepatches: kpatch-build, klp-build, or tables written by hand. A module of another
toolchain comes from somewhere else, or from a misconfigured build. The toolchain is
recognized by the tables in the file, never by the file's name. Mixing toolchains in
a series of cumulative livepatches also fails on kernels that treat sympos 0 and 1
of a func as different funcs (kernel/livepatch/core.c: klp_find_func). The rule runs
only with such a profile.

Fix: build the module with the team's toolchain, or choose the profile that matches
the module.`,
		},
	}, func(m *klp.Module) ([]finding.Finding, error) {
		switch {
		case toolchain == "":
			return nil, &MissingInput{Needs: "a profile that names a toolchain (--profile)"}
		case m.Toolchain == "" || m.Toolchain == toolchain:
			return nil, nil // without tables other rules speak
		}
		return []finding.Finding{{
			Message:  "the livepatch was built by " + toolchainName(m.Toolchain) + ", the profile requires " + toolchainName(toolchain),
			Location: m.Patch.At,
		}}, nil
	})
}

func toolchainName(t klp.Toolchain) string {
	if t == klp.Static {
		return "hand (static tables)"
	}
	return string(t)
}
