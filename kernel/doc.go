// Package kernel gathers what is known of a target kernel from the files that
// a distribution or a build leaves behind, and answers as that kernel would:
// *Kernel is a klp.Target.
//
// Load takes any mix of System.map, /proc/kallsyms, Module.symvers, .config,
// available_filter_functions, folders of modules, raw BTF, vmlinux, vmlinuz,
// unpacked distribution packages and build trees. What a file is, is told by
// its content. Often a compressed vmlinuz is all there is (Debian ships a stub
// as System.map), so its embedded kallsyms tables are decoded, and through the
// symbols in them the traceable functions, the BTF, the exports and the
// version.
//
// A Kernel never guesses: what none of its files tells is SymbolUnknown, an
// Unknown in klp.Behaviour, or a second result of false. Files are hostile
// until proven otherwise: sizes and counts are bounded, and a damaged file is
// an error with its offset.
package kernel
