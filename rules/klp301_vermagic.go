package rules

import (
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp301 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"kernel", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP301",
		Doc: `vermagic differs from the kernel's

The loader compares the module's vermagic with its own, word by word. A module with
__versions is compared without the release: the CRCs of its symbols are compared
instead (kernel/module/version.c: same_magic). A livepatch for another release is
wrong even where the kernel accepts it: its replacements were built from other
functions.

Fix: build the module against the headers of the kernel that it is for.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	k, err := kernelOf(t)
	if err != nil {
		return nil, err
	}
	if k.Vermagic() == "" {
		return nil, &MissingInput{Needs: "the kernel's vermagic: vmlinuz, or its module directory"}
	}
	if m.Vermagic.Raw == "" {
		// KLP112 says what is wrong, but not what this kernel makes of no entry at all.
		refusal, bad := k.CheckVermagic(m)
		if !bad || m.Modinfo.Has("vermagic") {
			return nil, nil
		}
		return []finding.Finding{{
			Message:  refusal.Reason,
			Location: klp.Location{Section: ".modinfo"},
			Kernel:   refused(refusal.Errno, refusal.Message),
		}}, nil
	}
	differences := magicDifferences(m.Vermagic.Raw, k.Vermagic())
	refusal, bad := k.CheckVermagic(m)
	if bad && len(differences) == 0 {
		differences = []string{"the words match, but the spaces between or after them differ"}
	}
	if len(differences) == 0 {
		return nil, nil
	}
	answer := accepted("the module has CRCs, so the release is not compared")
	if bad {
		answer = refused(refusal.Errno, names.Cut(refusal.Message))
	}
	var identity []string
	if max(len(strings.Fields(m.Vermagic.Raw)), len(strings.Fields(k.Vermagic()))) > maxListed {
		identity = []string{"module " + m.Vermagic.Raw, "kernel " + k.Vermagic()}
	}
	return []finding.Finding{{
		Message:  "vermagic: " + strings.Join(differences, "; "),
		Identity: identity,
		Location: klp.Location{Section: ".modinfo"},
		Kernel:   answer,
	}}, nil
})

// magicDifferences says in which words two vermagic strings differ.
func magicDifferences(module, target string) []string {
	m, k := strings.Fields(module), strings.Fields(target)
	var list []string
	if len(m) == 0 || len(k) == 0 {
		return []string{"one of the two is empty"}
	}
	if m[0] != k[0] {
		list = append(list, "the release is "+names.Cut(m[0])+", this kernel's "+names.Cut(k[0]))
	}
	var extra, missing []string
	for _, word := range m[1:] {
		if !slices.Contains(k[1:], word) {
			extra = append(extra, word)
		}
	}
	for _, word := range k[1:] {
		if !slices.Contains(m[1:], word) {
			missing = append(missing, word)
		}
	}
	if len(extra) > 0 {
		list = append(list, "this kernel lacks "+someOf(extra, len(extra)))
	}
	if len(missing) > 0 {
		list = append(list, "the module lacks "+someOf(missing, len(missing)))
	}
	if len(list) == 0 && !slices.Equal(m, k) {
		list = append(list, "the flags are in a different order")
	}
	return list
}
