package jsonform

// Diff is what diff writes.
type Diff struct {
	Schema  int              `json:"schema" jsonschema:"enum=1"`
	Old     DiffSide         `json:"old"`
	New     DiffSide         `json:"new"`
	Objects List[DiffObject] `json:"objects"`
	States  List[DiffState]  `json:"states"`
	// The livepatch symbols that the relocations refer to.
	KlpSymbols DiffSymbols `json:"klp_symbols"`
	// What the kernel does when NEW is loaded over OLD; left out where they are for different kernels.
	Load *DiffLoad `json:"load,omitempty"`
	// What it does when OLD is loaded over NEW.
	Back *DiffLoad `json:"back,omitempty"`
	// All that differs, in words.
	Items List[DiffItem] `json:"items"`
}

// DiffSide is one of the two modules.
type DiffSide struct {
	Path          string `json:"path"`
	Name          string `json:"name"`
	Arch          string `json:"arch"`
	KernelRelease string `json:"kernel_release"`
	Toolchain     string `json:"toolchain,omitempty"`
	// The field of klp_patch in words.
	Replace string `json:"replace"`
}

// DiffObject is one object that either module patches.
type DiffObject struct {
	Name            string     `json:"name"`
	Literal         bool       `json:"literal"`
	Change          string     `json:"change" jsonschema:"enum=added,enum=kept,enum=removed"`
	CallbacksGained []string   `json:"callbacks_gained"`
	CallbacksLost   []string   `json:"callbacks_lost"`
	Funcs           []DiffFunc `json:"funcs"`
}

// DiffFunc is one func that either module patches. The members of a side are left out where that module does not patch it.
type DiffFunc struct {
	Name string `json:"name"`
	// max(1, sympos): 0 and 1 mean the same symbol.
	Position  uint64  `json:"position"`
	Change    string  `json:"change" jsonschema:"enum=added,enum=kept,enum=removed"`
	OldSympos *uint64 `json:"old_sympos,omitempty"`
	// Bytes of OLD's new function.
	OldNewSize *uint64 `json:"old_new_size,omitempty"`
	NewSympos  *uint64 `json:"new_sympos,omitempty"`
	// Bytes of NEW's new function.
	NewNewSize *uint64 `json:"new_new_size,omitempty"`
}

// DiffState is one state that either module has.
type DiffState struct {
	ID         uint64  `json:"id"`
	Change     string  `json:"change" jsonschema:"enum=added,enum=kept,enum=removed"`
	OldVersion *uint32 `json:"old_version,omitempty"`
	NewVersion *uint32 `json:"new_version,omitempty"`
}

// DiffSymbols are the livepatch symbols that only one of the modules refers to.
type DiffSymbols struct {
	Gained List[KlpSymbol] `json:"gained"`
	Lost   List[KlpSymbol] `json:"lost"`
	// How many both refer to.
	Kept int `json:"kept"`
}

// DiffLoad is the load of one module over the other.
type DiffLoad struct {
	// Under every model that judged.
	Accepted  bool          `json:"accepted"`
	NotJudged string        `json:"not_judged,omitempty"`
	Verdicts  []DiffVerdict `json:"verdicts"`
}

// DiffVerdict is the answer under one model.
type DiffVerdict struct {
	Model string `json:"model"`
	// What is assumed of a value that is not known.
	Assumed string `json:"assumed,omitempty"`
	Outcome string `json:"outcome" jsonschema:"enum=first,enum=stacks,enum=coexists,enum=replaces,enum=refused,enum=crash,enum=done"`
	Errno   string `json:"errno,omitempty"`
	Reason  string `json:"reason,omitempty"`
	// The names of the livepatches that are replaced.
	Replaced []string `json:"replaced"`
}

// DiffItem is one difference, or one func that is patched again.
type DiffItem struct {
	// error: something is lost or would be refused; warning: it may be meant and should be looked at.
	Severity string `json:"severity" jsonschema:"enum=error,enum=warning,enum=info"`
	Kind     string `json:"kind"`
	Change   string `json:"change"`
	Subject  string `json:"subject,omitempty"`
	Detail   string `json:"detail,omitempty"`
}
