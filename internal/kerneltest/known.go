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
	// Foretold is what klplint says, Observed what the kernel does, a class each, "" for any;
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
		if strings.Contains(" "+d.Kinds+" ", " "+m.Kind+" ") && (d.Observed == "" || d.Observed == observed.Class) && (d.Foretold == "" || d.Foretold == foretold.Class) &&
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
		Name: "init code", Kinds: "code-byte relocation symbol symbol-index", Foretold: Warned, Why: regexp.MustCompile("^KLP113: cannot determine"),
		Reason: "code of init that does something else than compilers write: klplint says that it cannot follow it, and does not run it",
	},
	{
		Name: "init code", Kinds: "code-byte relocation", What: regexp.MustCompile(`^(klp-build|kpatch)-[^/]*/(code-byte/\.init\.text|relocation/\.rela\.init\.text)`),
		Reason: "the tables of kpatch and klp-build are known by their sections, so that nobody follows their init",
	},
	{
		Name: "beyond the section", Kinds: "section-header relocation", Foretold: Crashes, Why: regexp.MustCompile("^KLP220: relocation target is outside"),
		Reason: "the loader writes behind a section that is too small, into whatever lies there, or finds that this is not zero",
	},
	{
		Name: "beyond the symbol table", Kinds: "section-header relocation symbol-index", Foretold: Crashes, Why: regexp.MustCompile("^KLP220: symbol index of a relocation is beyond"),
		Reason: "the loader takes what lies behind the table for a symbol: sometimes it is one that does no harm",
	},
	{
		Name: "beyond the section", Kinds: "klp-relocation", Foretold: Refused, Why: regexp.MustCompile("^cannot be read: relocation at .* past the end"),
		Observed: Accepted,
		Reason:   "the same with a livepatch relocation, which klplint does not read on",
	},
	{
		Name: "keys of jump entries", Kinds: "remove-section set-flags section-flags rename-section klp-relocation", Foretold: Crashes, Why: regexp.MustCompile("^KLP22[01]: (__jump_table|entries of this table)"),
		Observed: Accepted,
		Reason:   "an entry whose key alone was not relocated is taken for its own key: the kernel writes into the jump table, and goes on",
	},
	{
		Name: "parameters without a file", Kinds: "remove-section set-flags section-flags", Foretold: Crashes, Why: regexp.MustCompile("^KLP221: __param"),
		Observed: Accepted,
		Reason:   "the kernel follows the pointers of a parameter that has no file in sysfs when it is given one",
	},
	{
		Name: "bytes of struct module", Kinds: "struct-module", Foretold: Accepted, Observed: Crashes,
		Reason: "members that the compiler leaves zero and the loader does not set, such as the per-CPU memory that unloading frees",
	},
	{
		Name: "bytes of another table", Kinds: "rename-section", Foretold: Crashes, Why: regexp.MustCompile("^KLP221: .* has [0-9]+ relocations?, at least"),
		Observed: Accepted,
		Reason:   "what leads from bytes that are no pointers is memory that may well be there, and hold what does no harm",
	},
	{
		Name: "sizes of symbols", Kinds: "symbol", Foretold: Refused, Why: regexp.MustCompile("^cannot be read: size of struct klp_"),
		Observed: Accepted,
		Reason:   "the kernel has no use for the size of the tables' symbols, which are klplint's evidence of the layout: where they contradict it, it does not read on",
	},
	{
		Name: "bytes of klp structs", Kinds: "data-byte", Foretold: Accepted, What: regexp.MustCompile(`/data-byte/\.data\+`), Observed: Crashes,
		Reason: "members of struct klp_patch, klp_object and klp_func that only the kernel uses: it takes what stands there for its own",
	},
}
