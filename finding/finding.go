package finding

import "github.com/klplint/klplint/klp"

// Finding is one problem that one rule reports: the result type of every rule
// is []Finding. Each finding is also reported as a diagnostic, so that any
// analysis driver can run the rules; a Diagnostic has no slot for most of this.
type Finding struct {
	// Rule, Severity and Module are filled in by report where the rule leaves
	// them empty: the rule's ID, its severity, the path of the judged module.
	Rule     string
	Severity Severity
	Module   string

	Message string // one sentence without a final period
	Object  string // the patched object, where the finding is about one
	Func    string // the patched func, "name" or "name,sympos"
	// Funcs are all funcs of a finding that can be about several, such as those
	// that two modules share. Object and Func name what there is only one of.
	Funcs []Func
	// Identity tells the finding from others of its rule and module, beside the
	// message: the name of the other module of a pair, and each name and number that
	// the message counts and does not list. Fingerprints cover it, in any order; it
	// holds no path and no digest of what has a name, and is shown nowhere.
	Identity []string
	Location klp.Location
	Kernel   *Answer // what the kernel does; nil where it does nothing that can be named
	Related  []Related
	// More is how many other modules the finding sums up, where a rule has too
	// many to report each: at its severity or below. 0 for all other findings.
	More int
	// Others are paths of the first of these, or of all.
	Others []string
	// Unshown is how many findings of its rule about the module, or names, it stands
	// for beyond those that were gathered. 0 for most: where it is not, nothing tells
	// the finding from one about others.
	Unshown int
	// Undecided: the verdict depends on something that the module does not tell,
	// such as a replace flag that a module parameter sets; the message has both
	// verdicts. An admission gate takes such a finding for an error.
	Undecided bool
}

// Func is a patched func.
type Func struct {
	Object string // the patched object
	Name   string // "name" or "name,sympos"
}

// About calls yield with each func that the finding is about: those of Funcs,
// else the one of Object and Func, which may be empty.
func (f *Finding) About(yield func(Func) bool) {
	if len(f.Funcs) == 0 {
		yield(Func{f.Object, f.Func})
		return
	}
	for _, fn := range f.Funcs {
		if !yield(fn) {
			return
		}
	}
}

// Answer is the kernel's own answer to a load.
type Answer struct {
	// Errno is the symbolic name insmod fails with, e.g. "EINVAL"; two names
	// joined by " or " where it is not known which one this release gives; ""
	// where the kernel accepts or crashes.
	Errno string
	// Crash: instead of an answer the kernel oopses in the load, or never returns
	// from it.
	Crash bool
	// Later: the crash comes when code runs that the load need not run.
	Later bool
	// Message is the kernel's own log line, or the part of it that is known; ""
	// where it logs none, or the line is not known.
	Message string
	// Note is an explanation in one clause, in klplint's words: what happens then,
	// or which kernels answer otherwise.
	Note string
}

// The outcomes of a load.
const (
	Refused  = "refused"
	Accepted = "accepted"
	Crash    = "crash"
)

// Outcome is Refused, Accepted or Crash.
func (a *Answer) Outcome() string {
	switch {
	case a.Errno != "":
		return Refused
	case a.Crash:
		return Crash
	}
	return Accepted
}

// Text is the message and the note for people, behind the outcome where no errno
// tells it; "" where a refusal has neither.
func (a *Answer) Text() string {
	text := a.Message
	if a.Note != "" {
		if text != "" {
			text += "; "
		}
		text += a.Note
	}
	switch outcome := a.Outcome(); {
	case outcome == Refused:
		return text
	case text == "":
		return outcome
	default:
		return outcome + ": " + text
	}
}

// Related points to a place that explains a finding, often in another module.
type Related struct {
	Module   string // path
	Message  string
	Location klp.Location
}
