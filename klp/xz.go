package klp

// XZStream is what the header of an xz stream asks of whoever unpacks it
// (tukaani.org/xz/xz-file-format.txt).
type XZStream struct {
	Check   int      // the id of the check: 0 none, 1 CRC32, 4 CRC64, 10 SHA-256
	Filters []uint64 // ids of the first block's filters: 0x21 LZMA2, 0x03 delta, 0x04 to 0x0b branch converters
	// Trailing: bytes that are no stream follow the first one, which alone is unpacked.
	Trailing bool
}
