// Package archive reads the files inside .rpm and .deb packages, .tar, .cpio and
// .zip files and initramfs images as a stream, within bounds: nothing is written to disk, no script of a package
// runs, and a member is held by nobody but the caller who asked for it.
//
// It knows what package builders write today: rpm's format 3 and 4 with a cpio
// payload, Debian's format 2.0, tar in all variants of archive/tar, cpio in the new
// text format, as the kernel takes it: archives one behind the other; each packed
// with gzip, xz or zstd, or not at all; and zip with deflate. Anything else is an
// error that names it: bzip2, lzma, lz4 and lzo payloads, rpm's cpio for files over
// 4 GiB, delta packages, older forms of cpio, encrypted members.
// Signatures and digests of packages are not checked, only those of the
// compressed streams.
package archive
