// Package archive reads the files inside .rpm and .deb packages and .tar files
// as a stream, within bounds: nothing is written to disk, no script of a package
// runs, and a member is held by nobody but the caller who asked for it.
//
// It knows what package builders write today: rpm's format 3 and 4 with a cpio
// payload, Debian's format 2.0, tar in all variants of archive/tar; each packed
// with gzip, xz or zstd, or not at all. Anything else is an error that names it:
// bzip2 and lzma payloads, rpm's cpio for files over 4 GiB, delta packages.
// Signatures and digests of packages are not checked, only those of the
// compressed streams.
package archive
