// Package replace predicts what a kernel does when a livepatch is loaded beside
// others: which of them it replaces, which stay active, who then runs for each
// patched func, and, when the kernel refuses, with which errno, message and
// reason, in the kernel's own order of checks.
//
// Five models of replacing exist, one file each: what mainline does today, and
// four that were proposed on the live-patching list ([All] has them). A model
// only says how a livepatch that is being loaded relates to one that is active
// ([Relation]); the checks around it are the same for all and belong to
// [System], which holds what is loaded and makes the steps: Load, LoadTarget (of a
// target module), Disable, Unload.
//
// The package works on klp values alone and reads no files. What depends on a
// kernel's symbols is asked of a [klp.Target]; without one, a decision says
// what it took for granted. Transitions are taken to complete before the next
// step, as they do unless a task never leaves a patched func.
package replace
