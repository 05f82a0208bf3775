// Package moduleset holds several livepatches at once: the modules of one
// kernel that may meet, who replaces whom under the replace models, what two
// of them share, and which follows which.
//
// A Set is made of Members, the part of a module that is compared with others,
// and is not changed after New. What two members mean to each other depends on
// their replace fields alone; members whose fields mean the same form a Class,
// of which a set has few, and questions about who replaces whom are answered
// for classes.
//
// The package says what is so; what is wrong with it is said by the rules
// (package rules). It compares every candidate with every partner that
// concerns it and leaves none out, one candidate after the other: what it holds
// in memory at a time is bounded by the rows of the modules, not by their pairs.
package moduleset
