package kernel

import (
	"math"

	"github.com/klplint/klplint/kernel/internal/debuginfo"
)

// memberType is what the type of a member tells of it.
type memberType struct {
	size     int64 // bytes; 0 for a type that is only declared, and for an array without an end
	nameless int   // offset of the struct, union or enum without a name that it is, or is an array of; 0 for none
}

// memberTypes is how many types of a unit are kept at a time; headers of the kernel
// lead to some two thousand from their members.
const memberTypes = 1 << 12

// foundType is a type that was looked up.
type foundType struct {
	at int
	memberType
}

// pointerBytes is the size of a pointer in all kernels that livepatch.
const pointerBytes = 8

// memberType looks up the type at an offset of the unit: many members have one type.
func (d *debugTypes) memberType(u *debuginfo.Unit, at int) (memberType, error) {
	if at == 0 {
		return memberType{}, nil
	}
	kept := &d.found[at%memberTypes]
	if kept.at == at {
		return kept.memberType, nil
	}
	t, err := d.findMemberType(u, at)
	if err == nil {
		*kept = foundType{at, t}
	}
	return t, err
}

func (d *debugTypes) findMemberType(u *debuginfo.Unit, at int) (t memberType, err error) {
	named := false // by a typedef
	elements := int64(1)
	for range maxTypeDepth {
		if at == 0 {
			return t, nil
		}
		is, err := d.entry(u, at)
		if err != nil {
			return t, err
		}
		if is.Tag == debuginfo.TagPointer { // most are
			t.size = bounded(elements, pointerBytes)
			return t, nil
		}
		e, err := d.read(&is)
		if err != nil {
			return t, err
		}
		size := int64(sizeInBytes(&e))
		switch e.Tag {
		case debuginfo.TagTypedef:
			named = true
		case debuginfo.TagConst, debuginfo.TagVolatile, debuginfo.TagRestrict, debuginfo.TagAtomic:
		case debuginfo.TagArray:
			if err := d.parts(u, &e, func(p *debugEntry) (bool, error) {
				if p.Tag == debuginfo.TagSubrange {
					elements = bounded(elements, int64(sizeInBytes(p)))
				}
				return true, nil
			}); err != nil {
				return t, err
			}
		case debuginfo.TagBase:
			t.size = bounded(elements, size)
			return t, nil
		case debuginfo.TagStruct, debuginfo.TagUnion, debuginfo.TagEnumeration:
			t.size = bounded(elements, size)
			if !named && len(e.name) == 0 {
				t.nameless = e.Offset
			}
			return t, nil
		default:
			return t, nil
		}
		at = e.of
	}
	return t, nil
}

// bounded multiplies two sizes; 0 for what no type takes.
func bounded(a, b int64) int64 {
	if b != 0 && a > math.MaxInt32/b {
		return 0
	}
	return a * b
}
