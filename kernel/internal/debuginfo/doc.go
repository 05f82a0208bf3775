// Package debuginfo reads the entries of one unit of DWARF at a time, of
// versions 2 to 5, in place: an entry is decoded when it is asked for, by its
// offset, and what nobody asks for is passed over. It trusts nothing that it
// reads; units of link-time optimization that refer to each other, split and
// compressed debug information, and types in units of their own where types are
// asked for, are errors.
package debuginfo
