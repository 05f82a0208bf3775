package kerneltest

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"regexp"
	"strings"

	"github.com/klplint/klplint/internal/kerneltest/mutant"
)

// Difference is a known one between klplint and the kernels, of one kind of mutants.
type Difference struct {
	Name string
	// Kinds are the kinds of mutants, with spaces between, What is what was done to them.
	Kinds string
	What  *regexp.Regexp
	// Foretold is what klplint says, Observed what the kernel does, a class each;
	// Why is in klplint's words, Answer in the kernel's errno and words.
	Foretold, Observed Class
	Why, Answer        *regexp.Regexp
	Reason             string // why it is so, for docs/kernel-agreement.md
}

// KnownDifference returns the known difference that a mutant shows; nil where it
// shows one that nobody has explained.
func KnownDifference(m mutant.Mutant, foretold, observed Outcome) *Difference {
	matches := func(r *regexp.Regexp, s string) bool { return r == nil || r.MatchString(s) }
	for i := range differences {
		d := &differences[i]
		if strings.Contains(" "+d.Kinds+" ", " "+m.Kind+" ") && d.Observed == observed.Class && (d.Foretold == "" || d.Foretold == foretold.Class) &&
			matches(d.What, m.Name) && matches(d.Why, foretold.Why) && matches(d.Answer, observed.Errno+" "+observed.Why) {
			return d
		}
	}
	return nil
}

// Handed is what modprobe hands to the kernels of these tests, which unpack xz
// alone: what gzip and zstd packed it unpacks itself (libkmod). What these cannot
// unpack stays as it is, and the kernel refuses it.
func Handed(ctx context.Context, data []byte) []byte {
	var tool string
	switch {
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		tool = "gzip"
	case bytes.HasPrefix(data, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		tool = "zstd"
	default:
		return data
	}
	cmd := exec.CommandContext(ctx, tool, "-dc")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	// gzip ends with 2 where bytes behind the stream are ignored.
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || tool != "gzip" || exit.ExitCode() != 2) {
		return data
	}
	return out
}

// differences are the known ones.
var differences = []Difference{
	{
		Name: "init code", Kinds: "code-byte relocation", Foretold: Warned, Why: regexp.MustCompile("^KLP113: it is not known"),
		Observed: Crashes,
		Reason:   "code of init that does something else than compilers write: klplint says that it cannot follow it, and does not run it",
	},
	{
		Name: "places of ftrace", Kinds: "symbol symbol-index relocation relocation-type remove-section section-header section-flags data-byte rename-section set-flags",
		Observed: Refused, Answer: regexp.MustCompile("^ENODEV"),
		Reason: "__mcount_loc leads to places that are no calls of __fentry__, or the call there is none: KLP120 looks at both",
	},
	{
		Name: "types of BTF", Kinds: "btf", Foretold: Accepted, Observed: Warned, Answer: regexp.MustCompile("BTF mismatch"),
		Reason: "KLP319 looks at the header, the bounds and each type's own form; what types refer to, and their names, are not resolved",
	},
	{
		Name: "types of BTF", Kinds: "btf", Foretold: Accepted, Observed: Refused, Answer: regexp.MustCompile("BTF"),
		Reason: "the same on a kernel without CONFIG_MODULE_ALLOW_BTF_MISMATCH",
	},
	{
		Name: "sealed ENDBR", Kinds: "set-flags section-flags rename-section relocation remove-section", Foretold: Accepted, Observed: Warned, Answer: regexp.MustCompile("cut here"),
		Reason: "the kernel warns of an entry of .ibt_endbr_seal, or of another list of places, that leads to none; only .return_sites is compared with the code",
	},
}
