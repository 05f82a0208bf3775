// Package elfread reads the bytes of a kernel module into a *klp.Module: what a
// livepatch patches and replaces, and where in the file each of these stands.
//
// It reads finished modules of all three toolchains (static tables,
// kpatch-build, the kernel's own klp-build) for the five architectures whose
// kernels livepatch, stripped or not, signed or not, packed or not. It tells
// by evidence in the file, never by the file's name, what it has before it.
//
// An ELF file that is no livepatch gives a Module with its Kind and no error.
// A file that is no sound ELF file gives an *Error that says what it is and
// where it breaks. What a sound module does not tell is left unknown, with a
// reason, in the Module; nothing is guessed.
//
// Modules are hostile input: every count, offset and relocation is checked, the
// memory for one file stays under 64 MiB, and the time is linear in the bytes
// that are read. Only the sections that are needed are read.
package elfread
