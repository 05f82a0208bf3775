// Package ir is the language between those who know an architecture's instructions and
// the interpreter that knows none: a few operations on registers and memory to which
// instructions are lowered (Insn, Step, Op), where control goes from one (Flow,
// Condition), the values that registers and memory are known to hold (Value), and
// what a decoder offers (Decoder, Machine) and may ask (Resolver).
//
// A value is a number, an address in a region of memory, or an unknown that remembers
// into which regions it may point; what can be said of the outcome of arithmetic, or
// where paths meet, is in value.go. Nothing here depends on an architecture.
package ir
