// Package safeelf makes debug/elf fit for hostile files.
//
// debug/elf "is not designed to be hardened against adversarial inputs": it
// panics on some files and lets a small file ask for much memory. It is the
// parser of the headers all the same, and what decompresses sections; this
// package looks beforehand at the few numbers by which a file could ask for
// much, turns panics into errors, and checks what comes back against the file's
// size. Section bytes, symbols and relocations are read in place: no
// elf.File.Symbols(), no binary.Read, no allocation per symbol.
//
// Only 64-bit files are read, as only 64-bit kernels support livepatching. It
// knows nothing of livepatches; packages elfread and kernel do.
package safeelf
