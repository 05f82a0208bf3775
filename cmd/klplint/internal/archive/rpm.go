package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The sizes of rpm's package format (rpm's docs, "RPM V4 Package format").
const (
	leadSize   = 96
	introSize  = 16 // magic, reserved, number of index entries, bytes of data
	indexEntry = 16
	// rpm refuses larger headers itself (lib/header.c: hdrchkTags, hdrchkData).
	maxIndex = 0xffff
	maxData  = 0x0fffffff
)

var (
	leadMagic   = [4]byte{0xed, 0xab, 0xee, 0xdb}
	headerMagic = [4]byte{0x8e, 0xad, 0xe8, 0x01}
)

// rpm reads a package: the lead, the signature header, the header, the payload.
// Nothing of the headers is needed: the payload names its files itself.
func (w *walker) rpm(r io.Reader) error {
	in := &counter{r: r}
	var lead [leadSize]byte
	if err := full(in, lead[:]); err != nil {
		return fmt.Errorf("lead: %w", err)
	}
	if [4]byte(lead[:4]) != leadMagic {
		return errors.New("not an rpm package: the first bytes are not its magic")
	}
	if major := lead[4]; major != 3 && major != 4 {
		return fmt.Errorf("lead: version %d of the format is not supported", major)
	}
	n, err := header(in)
	if err != nil {
		return fmt.Errorf("signature header at offset 0x%x: %w", in.n, err)
	}
	// The signature is padded to 8 bytes, the header is not.
	if err := skip(in, -n&7); err != nil {
		return fmt.Errorf("signature header at offset 0x%x: %w", in.n, err)
	}
	if _, err := header(in); err != nil {
		return fmt.Errorf("header at offset 0x%x: %w", in.n, err)
	}
	return w.payload(in, w.cpio)
}

// header passes over a header and returns the size of its data in bytes.
func header(r io.Reader) (int64, error) {
	var intro [introSize]byte
	if err := full(r, intro[:]); err != nil {
		return 0, err
	}
	if [4]byte(intro[:4]) != headerMagic {
		return 0, errors.New("magic missing")
	}
	index := int64(binary.BigEndian.Uint32(intro[8:]))
	data := int64(binary.BigEndian.Uint32(intro[12:]))
	if index > maxIndex || data > maxData {
		return 0, fmt.Errorf("%d entries and %d bytes of data, the limits are %d and %d", index, data, maxIndex, maxData)
	}
	return data, skip(r, index*indexEntry+data)
}
