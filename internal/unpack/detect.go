package unpack

import (
	"bytes"
	"errors"

	"github.com/klplint/klplint/klp"
)

// MagicLen is how many bytes from the start of a file Detect looks at.
const MagicLen = 6

// The first bytes of each format: RFC 1952 (with its only method, deflate), the
// .xz file format 1.2.1, RFC 8878.
var magics = [...]struct {
	format klp.Compression
	magic  []byte
}{
	{klp.Gzip, []byte{0x1f, 0x8b, 0x08}},
	{klp.XZ, []byte{0xfd, '7', 'z', 'X', 'Z', 0}},
	{klp.Zstd, []byte{0x28, 0xb5, 0x2f, 0xfd}},
}

// Detect tells the format by the first bytes of a file, Uncompressed where
// they are those of none.
func Detect(head []byte) klp.Compression {
	for i := range magics {
		if bytes.HasPrefix(head, magics[i].magic) {
			return magics[i].format
		}
	}
	return klp.Uncompressed
}

// ErrSquashfs is the error for a squashfs image. It is not read: the libraries that
// do allocate by sizes that the image claims, and bring decompressors that have none
// of this package's limits.
var ErrSquashfs = errors.New("squashfs image, which is not read: unpack it (unsquashfs -d DIR IMAGE, or sqfs2tar IMAGE >FILE.tar), and name DIR or FILE.tar")

// IsSquashfs reports whether a file that begins with these bytes is a squashfs image
// (fs/squashfs: SQUASHFS_MAGIC in the superblock, little-endian).
func IsSquashfs(head []byte) bool { return bytes.HasPrefix(head, []byte("hsqs")) }
