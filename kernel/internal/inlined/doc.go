// Package inlined reads from a vmlinux with DWARF which functions the compiler
// inlined into which (DW_TAG_inlined_subroutine). It reads one unit at a time,
// so that its memory is bounded by the largest unit and not by the file.
package inlined
