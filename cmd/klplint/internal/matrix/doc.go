// Package matrix lays the builds of one fix for several kernels and
// architectures side by side: a row for each patch, a column for each kernel,
// and what one build patches that another does not.
//
// It compares what the tables say, and what is known of several names of one
// function on a build's kernel. Positions of a name differ from kernel to
// kernel by nature and are shown, never counted as a difference.
package matrix
