// Package initcode proves facts about a livepatch module from its machine code: what
// klp_enable_patch() is called with, what klp_patch.replace then holds, whether it can
// be called twice for one patch, and which constant ids klp_shadow_*() are given.
//
// It interprets the init function abstractly. Instructions of x86_64, arm64,
// ppc64le, s390x and loongarch64 are lowered to a few machine-independent steps
// (package ir is their language, and a package an architecture does it);
// registers and memory hold numbers, addresses in a section or in what an
// allocation returned, or unknown values that remember what they may point into.
// Paths that meet are joined until nothing changes; the module's own functions are
// followed where they are called. So it does not matter in which register, stack slot
// or variable the compiler keeps the pointer, or in which order it stores.
//
// An answer is given only where it holds on every path. It rests on what C
// promises and compilers keep: arithmetic on an address stays within its object,
// registers follow the calling convention, functions of the kernel do what the table
// in calls.go says, and do not call back into the module unless they are given a
// function to call. An instruction whose effect is not known makes everything unknown;
// one that may branch in a way that is not known ends the analysis with a reason. That
// an allocation was zeroed (__GFP_ZERO is a constant argument) and nothing stored to
// the field since is a proof that it holds 0; an allocation that is not known to be
// zeroed proves nothing.
//
// It is not a disassembler and not a check of the code's correctness. Code that other
// code rewrites (jump labels) proves nothing; alternatives are read as they stand, since
// they do the same by other means.
package initcode
