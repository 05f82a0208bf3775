// Package names says what the names of kernel symbols, functions and livepatch
// modules tell: the function behind a compiler's copy, the stem that the
// generations of a livepatch share, the order in which people count, and how a
// symbol is shown to them.
package names
