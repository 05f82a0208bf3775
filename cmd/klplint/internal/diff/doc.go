// Package diff compares two livepatch modules as klp values: what the newer
// one patches anew, again and no longer, what it gains and loses besides, and
// what a kernel does when it is loaded over the older one, and the older one
// over it.
//
// It compares what the tables say. Two replacements of one func are told apart
// by size alone; equal sizes do not prove equal code.
package diff
