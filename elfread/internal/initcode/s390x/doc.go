// Package s390x lowers instructions of s390x to the operations of package ir. Those
// that compilers use to make, keep and store addresses and numbers are lowered one by one;
// of the others x/arch's decoder gives the length and the name, and the effect of one
// that could matter is that nothing is known any more.
package s390x
