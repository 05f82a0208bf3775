// Package policy decides what becomes of findings once the rules have spoken:
// severities, waivers and known findings, in that order, each in its own file.
// The threshold (--fail-on) and the exit code are the command's.
//
// A finding that policy accepts is not dropped: it leaves the result of the
// run and is kept as an Accepted, so that reports can show it as such.
//
// The package also holds the rules that judge against what a team has written
// down: KLP580 and following. They are rules like all others, but a run has
// them only where Rules gives them what they compare with.
package policy
