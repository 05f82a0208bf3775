package rules

import (
	"hash/maphash"

	"github.com/klplint/klplint/klp"
)

// hashSeed makes the hashes of funcs differ from run to run, so that no module
// can be made to collide.
var hashSeed = maphash.MakeSeed()

// hashObject and hashFunc give the hash of what makes two funcs equal; see
// sameFunc. It is computed with the row, where the name is at hand.
func hashObject(o *klp.Object) uint64 {
	h := maphash.String(hashSeed, o.Name) * 0x9E3779B97F4A7C15
	if o.Literal {
		h = ^h
	}
	return h
}

func hashFunc(object uint64, f *klp.Func) uint32 {
	h := maphash.String(hashSeed, f.Name) ^ object ^ f.Position()*0xC2B2AE3D27D4EB4F
	return uint32(h ^ h>>32)
}

// sameFunc reports whether two funcs of one hash are equal: object, name and
// max(1, sympos) are (klp_find_func()). An object that a static table spells "vmlinux" is
// another one than the image.
func sameFunc(a *Member, i uint32, b *Member, j uint32) bool {
	f, g := &a.funcs[i], &b.funcs[j]
	if a.nameOf(f) != b.nameOf(g) || f.position() != g.position() {
		return false
	}
	o, p := a.objectOf(i), b.objectOf(j)
	return o.name == p.name && o.literal == p.literal
}

// indexFuncs gives every func row its key and builds the postings by counting.
// Most funcs of a large set are patched by one member alone: two bitmaps of
// hashes tell them from the others, so that the table and the postings hold
// those others only.
func (s *Set) indexFuncs() {
	shared := s.sharedHashes()
	var table dedup
	var hashes []uint32 // by key
	alone := uint32(0)
	for i, m := range s.Members {
		for row := range m.funcs {
			f := &m.funcs[row]
			hash := f.key
			if !shared.has(hash) {
				f.key = ^alone // its key follows those of the table
				alone++
				continue
			}
			id, slot, found := table.find(uint64(hash), func(id uint32) bool {
				k := s.keys[id]
				return hashes[id] == hash && sameFunc(s.Members[k.member], k.row, m, uint32(row))
			})
			if !found {
				id = uint32(len(s.keys))
				s.keys = append(s.keys, posting{uint32(i), uint32(row)})
				hashes = append(hashes, hash)
				table.put(id, uint64(hash), slot, func(id uint32) uint64 { return uint64(hashes[id]) })
			}
			f.key = id
		}
	}
	listed := uint32(len(s.keys))
	s.keyCount = listed + alone
	for _, m := range s.Members {
		for row := range m.funcs {
			if f := &m.funcs[row]; f.key >= listed {
				f.key = listed + ^f.key
			}
		}
	}
	s.funcs = count(int(listed), func(yield func(uint32, posting) bool) {
		for i, m := range s.Members {
			for row := range m.funcs {
				if key := m.funcs[row].key; key < listed && !yield(key, posting{uint32(i), uint32(row)}) {
					return
				}
			}
		}
	})
}

// hashSet is a set of hashes that may hold a few that were not put in.
type hashSet struct {
	words []uint64
	mask  uint32
}

func (h *hashSet) has(hash uint32) bool {
	bit := hash & h.mask
	return h.words[bit/64]&(1<<(bit%64)) != 0
}

// put reports whether the hash was there before.
func (h *hashSet) put(hash uint32) bool {
	word, bit := &h.words[hash&h.mask/64], uint64(1)<<(hash&h.mask%64)
	was := *word&bit != 0
	*word |= bit
	return was
}

// sharedHashes returns the hashes that several rows have.
func (s *Set) sharedHashes() *hashSet {
	rows := 0
	for _, m := range s.Members {
		rows += len(m.funcs)
	}
	bits := 64
	for bits < 16*rows && bits < 1<<31 { // one func in sixteen is taken for shared at most
		bits *= 2
	}
	seen := hashSet{make([]uint64, bits/64), uint32(bits - 1)}
	shared := hashSet{make([]uint64, bits/64), uint32(bits - 1)}
	for _, m := range s.Members {
		for row := range m.funcs {
			if hash := m.funcs[row].key; seen.put(hash) {
				shared.put(hash)
			}
		}
	}
	return &shared
}
