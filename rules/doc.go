// Package rules holds what klplint finds wrong with livepatch modules: one
// rule a file, each an *analysis.Analyzer (golang.org/x/tools/go/analysis) in
// the thin wrapper Rule.
//
// # Where to read first
//
// rule.go is the contract, inputs.go what a rule may ask for, define.go the three
// ways to make a rule: NewModuleRule, NewKernelRule and NewSetRule, the same for
// rules here and in another program. all.go lists the rules of one module,
// klp3xx.go those against a kernel, klp4xx.go those over several modules and
// site.go those that compare with what a team has laid down. klp101_modinfo.go is
// a short rule. wording.go and pair.go have what messages share, collect.go the
// bound of what one rule says of one module.
//
// # What a rule is
//
// A rule is a pure function of the results of its prerequisites: ModuleInput
// (one module), SetInput (the modules that may meet on one kernel) and
// KernelInput (what is known of the target kernel). The driver (package lint)
// seeds these; a rule opens no file and keeps no state. Of analysis.Pass the
// fields about Go programs (Files, TypesInfo, TypesSizes, TypeErrors, the fact
// functions) are nil: the unit of analysis is a .ko file in OtherFiles.
//
// Findings are each module's own: a rule over several modules reports what it
// finds at every candidate that it concerns.
//
// Rule IDs are stable and never reused. Families: KLP1xx one module, KLP2xx its
// livepatch relocations and special sections, KLP3xx against one target
// kernel, KLP4xx against other livepatches, KLP5xx build hygiene and policy.
package rules
