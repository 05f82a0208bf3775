// Package policy decides what becomes of findings once the rules have spoken.
// It is one pure step: Policy.Judge takes what a run found and returns a
// Verdict, and changes neither. Lint and gate judge by it, and the exit code of
// both comes from the verdict.
//
// The order is severities, waivers, known findings, threshold, each in its own
// file. A finding that policy accepts is not dropped: it stands in the verdict
// with what accepted it, so that reports can show it as such.
//
// The package also holds the rules about the policy itself, KLP590 and
// following, which only Apply can judge.
package policy
