// Package rules holds what klplint finds wrong with livepatch modules: one
// rule a file, each an *analysis.Analyzer (golang.org/x/tools/go/analysis) in
// the thin wrapper Rule.
//
// A rule is a pure function of the results of its prerequisites: ModuleInput
// (one module), SetInput (the modules that may meet on one kernel) and
// KernelInput (what is known of the target kernel). The driver (package lint)
// seeds these; a rule opens no file and keeps no state. Of analysis.Pass the
// fields about Go programs (Files, TypesInfo, TypesSizes, TypeErrors, the fact
// functions) are nil: the unit of analysis is a .ko file in OtherFiles.
//
// Rule IDs are stable and never reused. Families: KLP1xx one module, KLP2xx its
// livepatch relocations and special sections, KLP3xx against one target
// kernel, KLP4xx against other livepatches, KLP5xx build hygiene and policy.
package rules
