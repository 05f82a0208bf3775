package rules

import (
	"encoding/binary"

	"github.com/klplint/klplint/klp"
)

// replaceKey is equal for two values of Replace that mean the same to a replace
// model: where they were read, and why they could not be, is left out.
func replaceKey(r *klp.Replace) string {
	b := make([]byte, 0, 32)
	b = append(b, r.Kind...)
	b = append(b, 0, bit(r.Flag), bit(r.Known()), bit(r.SetsNull), bit(r.Supersedes != nil))
	b = binary.LittleEndian.AppendUint32(b, r.Set)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(r.Sets)))
	for _, set := range r.Sets {
		b = binary.LittleEndian.AppendUint32(b, set)
	}
	for _, set := range r.Supersedes {
		b = binary.LittleEndian.AppendUint32(b, set)
	}
	return string(b)
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}
