package registry

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// digestOf is the digest that a row keeps of its columns, so that damage is
// found. Whoever can write the registry can write digests too.
func digestOf(columns ...string) string {
	h := sha256.New()
	var size [8]byte
	for _, c := range columns {
		binary.BigEndian.PutUint64(size[:], uint64(len(c)))
		h.Write(size[:])
		h.Write([]byte(c))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func textDigest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// digest is that of the module's row. The compact form follows from the
// document, and that is covered by its own digest.
func (e *Entry) digest() string {
	k := e.Kernel()
	return digestOf(
		decimal(e.id), k.Release, string(k.Arch), k.Flags, e.Module.SHA256, e.Module.UnsignedSHA256, e.Channel, e.Owner,
		e.Module.Name, e.stem(), string(e.State), e.AddedBy, e.AddedAt, e.ChangedBy, e.ChangedAt, e.ReplacedBy,
		decimal(e.Revision), decimal(e.Admitted), labelText(e.Labels), e.document,
	)
}
