package klp

// Indirect is about the module's functions that are called through pointers:
// those whose address is taken, in data or in code. The new functions of a
// livepatch are none for that alone: ftrace returns into them
// (kernel/livepatch/patch.c: klp_ftrace_handler), which no check of indirect
// calls sees.
type Indirect struct {
	Functions int // how many there are
	// NoLanding are those without the instruction that an indirect call must
	// lead to where the processor checks that: ENDBR64 on x86_64, BTI on arm64.
	NoLanding Places
	// Sealed are those that begin with ENDBR64 and stand in .ibt_endbr_seal, the
	// list of those that the loader takes away again.
	Sealed Places
	// Untyped are those without the hash of their type in front, which calls
	// compare with the caller's where the kernel was built with -fsanitize=kcfi;
	// on x86_64 alone.
	Untyped Places
}

// Places is a list of places, cut short, and its full length.
type Places struct {
	Count int
	First []Location // at most 16
}
