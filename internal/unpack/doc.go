// Package unpack decompresses .gz, .xz and .zst within bounds: the caller says
// how much output and how much memory for the decoder's window a file may cost,
// and a file that wants more is an error, not a short result.
//
// The format is told by content, never by a file's name.
package unpack
