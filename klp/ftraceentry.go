package klp

// FtraceEntry is one entry of __mcount_loc or __patchable_function_entries: the
// address of an instruction that ftrace turns into a call and back again.
type FtraceEntry struct {
	At Location // the entry
	To Location // the instruction; section "" where the entry leads into no section of the module
	// Bytes is what stands there in the file: up to eight bytes.
	Bytes []byte
}

// Returns counts how the module's functions return on x86_64, in the code that
// stays after init and in that of init.
type Returns struct {
	ThroughThunk int // branches to __x86_return_thunk
	Sites        int // entries of .return_sites, by which the loader finds them
	Unlisted     int // relocations to __x86_return_thunk in code that no entry leads to
	Stray        int // entries that lead to none of these
	// Plain are functions outside of init that end with a return instruction.
	Plain Places
}

// Stray counts the entries of lists of places in code that x86_64's loader changes
// and that are not what the list is of; an entry without a relocation leads to itself.
type Stray struct {
	Endbr      int // of .ibt_endbr_seal, that lead to no ENDBR
	Retpolines int // of .retpoline_sites, that lead to no branch to a __x86_indirect_thunk
}
