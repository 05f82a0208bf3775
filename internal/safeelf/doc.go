// Package safeelf makes debug/elf fit for hostile files.
//
// debug/elf "is not designed to be hardened against adversarial inputs": it
// panics on some files and lets a small file ask for much memory. This package
// uses its types, and itself only to decompress a section, after having read the
// headers, once, refused what is out of bounds, and with panics turned into
// errors. It gives access to section bytes, symbols and relocations in place: no
// elf.File.Symbols(), no binary.Read, no allocation per symbol.
//
// Only 64-bit files are read, as only 64-bit kernels support livepatching. It
// knows nothing of livepatches; packages elfread and kernel do.
package safeelf
