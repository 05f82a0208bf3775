// Package klp holds what a finished livepatch module says, as plain values:
// which objects and funcs it patches, which states it carries, what it
// replaces, and the evidence for each of these in the file.
//
// The words are the kernel's own (include/linux/livepatch.h). Values are made
// by package elfread, by package replace/plan from a described module, or by
// hand in tests; this package reads no files and decides nothing. It imports
// nothing else of the project, and everything else imports it.
//
// A value is complete when its maker returns it and is not changed afterwards;
// several goroutines may read it.
package klp
