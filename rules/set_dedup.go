package rules

// dedup is an open-addressing table of 32-bit ids, kept apart from what the
// ids stand for: a third of the memory of a Go map of the same entries, which
// counts in a set of ten thousand modules. The zero value is ready for use.
type dedup struct {
	slots []uint32 // id+1; 0 is free
	n     int
}

// find walks the slots of a hash until equal accepts an id (found) or a slot is
// free. A new id goes into the returned slot, by put.
func (d *dedup) find(hash uint64, equal func(id uint32) bool) (id uint32, slot int, found bool) {
	if len(d.slots) == 0 {
		return 0, -1, false
	}
	mask := uint64(len(d.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		switch s := d.slots[i]; {
		case s == 0:
			return 0, int(i), false
		case equal(s - 1):
			return s - 1, int(i), true
		}
	}
}

// put stores an id that find did not find. rehash gives the hash of an id that
// is stored already, for when the table grows.
func (d *dedup) put(id uint32, hash uint64, slot int, rehash func(id uint32) uint64) {
	d.n++
	if d.n*4 <= len(d.slots)*3 {
		d.slots[slot] = id + 1
		return
	}
	old := d.slots
	d.slots = make([]uint32, max(64, 2*len(old)))
	for _, s := range old {
		if s != 0 {
			d.occupy(s, rehash(s-1))
		}
	}
	d.occupy(id+1, hash)
}

func (d *dedup) occupy(s uint32, hash uint64) {
	mask := uint64(len(d.slots) - 1)
	i := hash & mask
	for d.slots[i] != 0 {
		i = (i + 1) & mask
	}
	d.slots[i] = s
}
