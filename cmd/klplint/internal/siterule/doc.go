// Package siterule makes rules of the CEL expressions in a configuration
// (cel.dev/cel-go), so that a site can have rules of its own without
// recompiling.
//
// An expression is checked against typed models before anything is read: a
// misspelt field is an error with its place in the file. It has no clock, no
// files and no network; each evaluation has a budget, and one that exceeds it
// has not judged the module, which is told as such.
//
// Nothing here is touched unless there is a custom rule. Linking cel-go has a
// price all the same, since the protobuf packages behind it initialise
// themselves: about 1.5 ms of each start. A build with the tag nocel does
// without, and refuses custom rules.
package siterule
