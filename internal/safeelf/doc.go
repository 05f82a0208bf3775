// Package safeelf makes debug/elf fit for hostile files.
//
// debug/elf is the parser, but "is not designed to be hardened against
// adversarial inputs": it panics on some files and lets a small file ask for
// much memory. This package looks at the header and the section table before
// elf.NewFile does, refuses what is out of bounds, turns panics into errors,
// and gives access to section bytes, symbols and relocations in place: no
// elf.File.Symbols(), no binary.Read, no allocation per symbol.
//
// Only 64-bit files are read, as only 64-bit kernels support livepatching. It
// knows nothing of livepatches; packages elfread and kernel do.
package safeelf
