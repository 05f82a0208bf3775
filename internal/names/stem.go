package names

import (
	"regexp"
	"strings"
	"sync"
)

// cve is compiled when the first name asks: most runs have none that does.
var cve = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:^|_)cve_?[0-9]{4}_[0-9]+$`)
})

// Stem strips from a module's name what tells generations and builds of one
// livepatch apart: the kernel release, as WithoutRelease does, and the version
// numbers at the end ("-1", "_v2", "_1_2", "3", "_rev4"). '-' becomes '_', as in
// the kernel's own names. A CVE's number and a number of five digits and more
// (a bug's) are no version: they name the fix. What is left is never empty: a
// name that is a number stays as it is.
func Stem(name, release string) string {
	stem := WithoutRelease(name, release)
	for {
		cut := cutVersion(stem)
		if cut == "" || cut == stem {
			return stem
		}
		stem = cut
	}
}

// arches are the words for architectures in names of packages and modules.
var arches = [...]string{"x86_64", "amd64", "arm64", "aarch64", "ppc64le", "ppc64el", "powerpc64le", "s390x", "loongarch64", "loong64"}

// WithoutRelease strips the kernel release and the architecture from a module's
// name: of the release the whole one, what stands before its first '-'
// ("6.12.111") or its first two numbers, spelt as in vermagic or with '_' for
// what a module name does not take.
func WithoutRelease(name, release string) string {
	name = cutRelease(strings.ReplaceAll(name, "-", "_"), release)
	for _, a := range arches {
		if cut, ok := cutRun(name, a); ok {
			return cut
		}
	}
	return name
}

func cutRelease(name, release string) string {
	if release == "" {
		return name
	}
	short, _, _ := strings.Cut(release, "-")
	if major, _, _ := strings.Cut(short, "."); !strings.Contains(name, major) {
		return name // every spelling starts with it
	}
	shorter := short
	if numbers := strings.SplitN(short, ".", 3); len(numbers) == 3 {
		shorter = numbers[0] + "." + numbers[1]
	}
	for _, r := range []string{release, short, shorter} {
		for _, spelt := range []string{
			strings.ReplaceAll(r, "-", "_"),
			underscores.Replace(r),
		} {
			if cut, ok := cutRun(name, spelt); ok {
				return cut
			}
		}
	}
	return name
}

// underscores spells a release as module names do.
var underscores = strings.NewReplacer("-", "_", ".", "_", "+", "_")

// cutRun takes one occurrence of part out of a name, with the separators beside
// it. It must not touch a letter or digit: release 6.1 is not in 16.12.
func cutRun(name, part string) (string, bool) {
	if part == "" {
		return name, false
	}
	for from := 0; ; {
		i := strings.Index(name[from:], part)
		if i < 0 {
			return name, false
		}
		i += from
		end := i + len(part)
		if (i == 0 || !word(name[i-1])) && (end == len(name) || !word(name[end])) {
			before, after := strings.TrimRight(name[:i], "_."), strings.TrimLeft(name[end:], "_.")
			switch {
			case before == "" && after == "":
				return name, false
			case before == "" || after == "":
				return before + after, true
			}
			return before + "_" + after, true
		}
		from = i + 1
	}
}

func word(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// cutVersion takes one number off the end, with a "v", "r", "ver" or "rev"
// before it that stands for itself, and the separators before that.
func cutVersion(name string) string {
	head := strings.TrimRight(name, "0123456789.")
	if head == name || len(name)-len(strings.TrimRight(name, "0123456789")) >= 5 || cve().MatchString(name) {
		return name
	}
	for _, mark := range []string{"rev", "ver", "v", "r"} {
		before, found := strings.CutSuffix(head, mark)
		if found && strings.HasSuffix(before, "_") {
			head = before
			break
		}
	}
	return strings.TrimRight(head, "_.")
}
