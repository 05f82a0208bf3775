package jsonform

// Lint is what lint and gate write.
type Lint struct {
	Schema int  `json:"schema" jsonschema:"enum=1"`
	Tool   Tool `json:"tool"`
	// The replace model that was asked for; "" where each module's own field decides.
	Model string `json:"model"`
	// The modules that were judged, in the order of their paths.
	Modules  Lines[LintModule] `json:"modules"`
	Findings Lines[Finding]    `json:"findings"`
	// Known findings that no longer occur.
	Fixed        Lines[FixedFinding] `json:"fixed"`
	NotEvaluated Lines[NotEvaluated] `json:"not_evaluated"`
	// What could not be checked.
	Errors  List[Problem] `json:"errors"`
	Summary Summary       `json:"summary"`
	// Written by gate only.
	Gate     *Gate `json:"gate,omitempty"`
	ExitCode int   `json:"exit_code"`
}

// Tool is the program that judged.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// LintModule is one module and its verdict.
type LintModule struct {
	// As it was given; PACKAGE!/PATH for a module in a package.
	Path string `json:"path"`
	// The module's own name; "" where it could not be read.
	Name string `json:"name"`
	// Of the file as stored.
	SHA256 string `json:"sha256,omitempty"`
	// error: the module could not be checked in full; skipped: it is no livepatch.
	Verdict string `json:"verdict" jsonschema:"enum=pass,enum=fail,enum=error,enum=skipped"`
}

// Finding is one problem that one rule reports.
type Finding struct {
	// The rule's ID.
	Rule     string `json:"rule"`
	Severity string `json:"severity" jsonschema:"enum=error,enum=warning,enum=info"`
	// The path of the module.
	Module  string `json:"module"`
	Message string `json:"message"`
	// The object that is patched, "vmlinux" or a module's name; "" where the finding is about none.
	Object string `json:"object"`
	// The name of the old function, with ",N" for a sympos above 1; "" where the finding is about none.
	Func string `json:"func"`
	// All funcs of a finding that can be about several, such as those that two modules share: the message names the first few. Left out where there is none beside object and func.
	Funcs    []FindingFunc `json:"funcs,omitempty"`
	Location Location      `json:"location"`
	// Left out where no answer of the kernel is known.
	Kernel  *Answer   `json:"kernel,omitempty"`
	Related []Related `json:"related"`
	// How many other modules the finding sums up, where a rule over several modules has too many to report each: none of these is worse. Left out for all other findings.
	More int `json:"more,omitempty"`
	// The paths of the first of these modules.
	Others []string `json:"others,omitempty"`
	// Stays the same over rebuilds of the module.
	Fingerprint string `json:"fingerprint"`
	// A waiver accepts the finding: it counts neither in summary nor for verdict and exit_code.
	Waived bool `json:"waived"`
	// One of the known findings: it does not count either.
	Known bool `json:"known"`
	// There for waived findings only.
	Waiver *Waiver `json:"waiver,omitempty"`
}

// FindingFunc is one of the funcs that a finding is about.
type FindingFunc struct {
	Object string `json:"object"`
	// With ",N" for a sympos above 1.
	Func string `json:"func"`
}

// Location is a place in a module.
type Location struct {
	// "" for the file as a whole.
	Section string `json:"section"`
	// Bytes from the start of the section.
	Offset uint64 `json:"offset"`
	// The symbol that holds the place; "" where there is none.
	Symbol string `json:"symbol"`
}

// Answer is what the kernel does when it loads the module.
type Answer struct {
	// refused, accepted or crash.
	Outcome string `json:"outcome"`
	// Two joined by " or " where the release that changed it is not known; "" where the kernel does not refuse the module.
	Errno string `json:"errno"`
	// The kernel's own log line, or a part of it; "" where it logs none.
	Message string `json:"message"`
	// What happens then, or which kernels answer otherwise.
	Note string `json:"note"`
}

// Related is a place that has to do with a finding, in this or another module.
type Related struct {
	// The path of the module.
	Module   string   `json:"module"`
	Message  string   `json:"message"`
	Location Location `json:"location"`
}

// Waiver is the entry of the configuration that accepts a finding.
type Waiver struct {
	Reason string `json:"reason"`
	Owner  string `json:"owner,omitempty"`
	// The last day, YYYY-MM-DD.
	Until string `json:"until,omitempty"`
}

// FixedFinding is a known finding that no longer occurs.
type FixedFinding struct {
	Rule string `json:"rule"`
	// The module's name.
	Module      string `json:"module"`
	Object      string `json:"object"`
	Func        string `json:"func"`
	Message     string `json:"message"`
	Fingerprint string `json:"fingerprint"`
}

// NotEvaluated is a rule that could not judge: it has not passed.
type NotEvaluated struct {
	Rule string `json:"rule"`
	// The path of the module; "" for a rule that judged no module at all.
	Module string `json:"module"`
	// What is missing: "kernel", "set", or in words.
	Needs string `json:"needs"`
}

// Problem is something that could not be read or checked.
type Problem struct {
	Path string `json:"path"`
	// Bytes from the start of the unpacked file; 0 where it is not known.
	Offset int64 `json:"offset"`
	// "" for the file as a whole.
	Section string `json:"section"`
	Message string `json:"message"`
	// The rule that panicked; left out where the file could not be read.
	Rule string `json:"rule,omitempty"`
}

// Summary counts. error, warning and info are findings that are neither waived nor known.
type Summary struct {
	// Livepatch modules that were read.
	Modules int `json:"modules"`
	// Files met in a folder that are no livepatch.
	Skipped int `json:"skipped"`
	// Entries of errors.
	Errors  int `json:"errors"`
	Error   int `json:"error"`
	Warning int `json:"warning"`
	Info    int `json:"info"`
}
