// Package arm64 lowers instructions of arm64 to the operations of package ir. Those
// that compilers use to make, keep and store addresses and numbers are lowered one by one;
// of the others x/arch's decoder gives the length and the name, and the effect of one
// that could matter is that nothing is known any more.
package arm64
