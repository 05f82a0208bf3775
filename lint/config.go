package lint

import (
	"io"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/rules"
)

// Config says what to judge, and by which rules.
type Config struct {
	// Rules are the rules to choose from, usually rules.All() with the
	// caller's own appended; nil means rules.All(). A rule requires
	// rules.ModuleInput or rules.SetInput, directly or through a prerequisite
	// of its own, and its result type is []rules.Finding; a rule without a
	// result type is judged by its diagnostics.
	Rules []*rules.Rule
	// Enable and Disable choose among Rules, as rules.Select reads them. With
	// both empty all run but the NonDefault ones.
	Enable, Disable []string

	// Inputs are the candidates, Baseline the already-built modules that the
	// set rules compare them with.
	Inputs   []Source
	Baseline []Source
	// Unusable are what the caller could make no sources of: missing files,
	// damaged packages. They join Result.Errors.
	Unusable []Error

	// Options are the reader's options, for candidates and baseline alike.
	Options elfread.Options
	// Target returns what is known of the module's target kernel, or a nil
	// interface where nothing is. It is called by several goroutines at once.
	// Nil: no kernel is known, and the rules that need one are not evaluated.
	Target func(*klp.Module) klp.Target
	// Set holds the choices of the set rules. The driver fills in Target and
	// Behaviour for each group of modules, and Digest where it is nil.
	Set moduleset.Options

	// ModuleRulesOnly leaves the set rules out, and what they need: they are
	// RunSet's.
	ModuleRulesOnly bool

	// Jobs is the number of modules in work at once; below 1 means GOMAXPROCS.
	// The result does not depend on it.
	Jobs int
	// Progress, if not nil, is called after each file with the number of files
	// done and the number of all. Calls do not overlap, and done only rises.
	Progress func(done, total int)

	// Keep, if not nil, is called with each module as it is read, candidates and
	// baseline, in no fixed order. Calls do not overlap; the module may be kept
	// and must not be changed.
	Keep func(*klp.Module)

	newReader func() reader // for tests; nil means elfread
}

// Source is one file to read.
type Source struct {
	Path string // as given by the caller: it stands in findings and errors
	// Named: the user named this file, as opposed to a file that was met in a
	// folder. A named file that is no livepatch is a finding, another is
	// skipped and counted.
	Named bool
	// Content is read instead of the file at Path when it is not nil; Size is
	// its length in bytes. It is read by one goroutine only.
	Content io.ReaderAt
	Size    int64
}

// isTarget reports whether a module is an ordinary one of a kernel that is known:
// among the baseline it is what livepatches patch.
func (c *Config) isTarget(m *klp.Module) bool {
	return m.Kind == klp.KindModule && c.Target != nil && c.Target(m) != nil
}
