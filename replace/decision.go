package replace

import (
	"fmt"

	"github.com/klplint/klplint/klp"
)

// Outcome is what became of one step.
type Outcome string

// The outcomes of loading a livepatch; Done is that of every other step that
// works, and of a livepatch module whose init function enables nothing.
const (
	First    Outcome = "first"    // nothing else is active
	Stacks   Outcome = "stacks"   // on top of the active ones, which all stay (mainline)
	Coexists Outcome = "coexists" // beside the active ones, which all stay (set models)
	Replaces Outcome = "replaces" // at least one active livepatch goes
	Refused  Outcome = "refused"  // the kernel returns an errno; nothing changes
	Crash    Outcome = "crash"    // the kernel oopses or never returns
	Done     Outcome = "done"
	// Stalled: the transition has begun and has not ended. Both the code from
	// before and the new one run, each for some tasks.
	Stalled Outcome = "stalled"
)

// Decision is what the kernel does with one step.
type Decision struct {
	Outcome Outcome
	// Errno is what insmod, rmmod or the write to sysfs sees, e.g. "EINVAL";
	// "" unless Refused.
	Errno string
	// Reason says why it is refused or crashes, in klplint's words: of several
	// things that are wrong, the first that the kernel meets.
	Reason string
	// Messages are the lines that the kernel logs about it, without the
	// "livepatch: " of the core; several where one failure is reported on
	// several levels.
	Messages []string
	// Also lists what else is wrong, in the order in which the kernel would
	// meet it; at most MaxAlso entries. AlsoOmitted counts the others.
	Also        []klp.Refusal
	AlsoOmitted int
	// Replaced are the names of the livepatches that go, in stacking order.
	Replaced []string
	// Calls are the callbacks that run, in order.
	Calls []Call
	// Assumed says what was taken for granted for want of knowledge.
	Assumed []string
	// Undecided lists points on which kernels differ and nothing tells which
	// this one is: the decision holds for one answer, Otherwise for the other.
	Undecided []Undecided
}

// MaxAlso bounds Decision.Also and Decision.Assumed.
const MaxAlso = 32

// Undecided is one open point of a decision.
type Undecided struct {
	Question  string // what is not known, and what would settle it
	Otherwise string // what happens if it is the other way: an errno, "crash" or "accepted"
}

// Accepted reports whether the step worked.
func (d *Decision) Accepted() bool { return d.Outcome != Refused && d.Outcome != Crash }

// refusal is one thing that is wrong with a step.
type refusal struct {
	klp.Refusal
	more  []string // further log lines, from outer levels
	crash bool
}

// findings gathers what is wrong in the kernel's order, and what was assumed.
type findings struct {
	refusals  []refusal
	omitted   int
	assumed   []string
	undecided []open
	calls     []Call
}

// open is an open point while findings are gathered: of one kind the first is
// kept in words, and the others are counted.
type open struct {
	kind string
	more int
	Undecided
}

func (f *findings) refuse(errno, message, reason string) {
	f.add(refusal{Refusal: klp.Refusal{Errno: errno, Message: message, Reason: reason}})
}

func (f *findings) add(r refusal) {
	if len(f.refusals) > MaxAlso {
		f.omitted++
		return
	}
	f.refusals = append(f.refusals, r)
}

// assume notes each assumption once, MaxAlso of them at most.
func (f *findings) assume(what string) {
	for _, a := range f.assumed {
		if a == what {
			return
		}
	}
	switch n := len(f.assumed); {
	case n < MaxAlso:
		f.assumed = append(f.assumed, what)
	case n == MaxAlso:
		f.assumed = append(f.assumed, "and further assumptions of these kinds")
	}
}

// undecide notes an open point; kind tells which points are the same question.
func (f *findings) undecide(kind, question, otherwise string) {
	for i := range f.undecided {
		if f.undecided[i].kind == kind {
			f.undecided[i].more++
			return
		}
	}
	f.undecided = append(f.undecided, open{kind: kind, Undecided: Undecided{Question: question, Otherwise: otherwise}})
}

// failed makes the decision when something is wrong; ok is false when nothing is.
func (f *findings) failed() (d Decision, ok bool) {
	d.Assumed, d.AlsoOmitted, d.Calls = f.assumed, f.omitted, f.calls
	for _, u := range f.undecided {
		if u.more > 0 {
			u.Question += fmt.Sprintf(" (and %d more like it)", u.more)
		}
		d.Undecided = append(d.Undecided, u.Undecided)
	}
	if len(f.refusals) == 0 {
		return d, false
	}
	first := f.refusals[0]
	d.Outcome, d.Errno, d.Reason = Refused, first.Errno, first.Reason
	if first.crash {
		d.Outcome, d.Errno = Crash, ""
	}
	if first.Message != "" {
		d.Messages = append([]string{first.Message}, first.more...)
	}
	for _, r := range f.refusals[1:] {
		d.Also = append(d.Also, r.Refusal)
	}
	return d, true
}
