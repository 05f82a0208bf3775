package debuginfo

import "encoding/binary"

// Tags of entries (DWARF 5, section 7.5.3).
const (
	TagArray                 = 0x01
	TagEnumeration           = 0x04
	TagFormalParameter       = 0x05
	TagMember                = 0x0d
	TagPointer               = 0x0f
	TagCompileUnit           = 0x11
	TagStruct                = 0x13
	TagSubroutine            = 0x15
	TagTypedef               = 0x16
	TagUnion                 = 0x17
	TagUnspecifiedParameters = 0x18
	TagInlinedSubroutine     = 0x1d
	TagSubrange              = 0x21
	TagBase                  = 0x24
	TagConst                 = 0x26
	TagEnumerator            = 0x28
	TagSubprogram            = 0x2e
	TagVolatile              = 0x35
	TagRestrict              = 0x37
	TagAtomic                = 0x47
)

// Attributes of entries (DWARF 5, section 7.5.4; bit offset: DWARF 3).
const (
	AttrName           = 0x03
	AttrByteSize       = 0x0b
	AttrBitOffset      = 0x0c
	AttrBitSize        = 0x0d
	AttrLowPC          = 0x11
	AttrConstValue     = 0x1c
	AttrProducer       = 0x25
	AttrPrototyped     = 0x27
	AttrUpperBound     = 0x2f
	AttrAbstractOrigin = 0x31
	AttrCount          = 0x37
	AttrMemberLocation = 0x38
	AttrDeclaration    = 0x3c
	AttrEncoding       = 0x3e
	AttrSpecification  = 0x47
	AttrType           = 0x49
	AttrRanges         = 0x55
	AttrDataBitOffset  = 0x6b
	AttrStrOffsetsBase = 0x72
	attrDwoName        = 0x76
	attrGNUDwoName     = 0x2130 // of DWARF before 5
)

// Forms of attributes (DWARF 5, section 7.5.6).
const (
	formAddr          = 0x01
	formBlock2        = 0x03
	formBlock4        = 0x04
	formData2         = 0x05
	formData4         = 0x06
	formData8         = 0x07
	formString        = 0x08
	formBlock         = 0x09
	formBlock1        = 0x0a
	formData1         = 0x0b
	formFlag          = 0x0c
	formSdata         = 0x0d
	formStrp          = 0x0e
	formUdata         = 0x0f
	formRefAddr       = 0x10
	formRef1          = 0x11
	formRef2          = 0x12
	formRef4          = 0x13
	formRef8          = 0x14
	formRefUdata      = 0x15
	formIndirect      = 0x16
	formSecOffset     = 0x17
	formExprloc       = 0x18
	formFlagPresent   = 0x19
	formStrx          = 0x1a
	formAddrx         = 0x1b
	formRefSup4       = 0x1c
	formStrpSup       = 0x1d
	formData16        = 0x1e
	formLineStrp      = 0x1f
	formRefSig8       = 0x20
	formImplicitConst = 0x21
	formLoclistx      = 0x22
	formRnglistx      = 0x23
	formRefSup8       = 0x24
	formStrx1         = 0x25
	formStrx4         = 0x28
	formAddrx1        = 0x29
	formAddrx4        = 0x2c
)

// attribute is one attribute of an abbreviation.
type attribute struct {
	name, form uint64
	implicit   int64 // the value itself, of formImplicitConst
	size       int   // of the value in bytes; -1 where the value tells
}

// abbrev is the form of entries of one kind.
type abbrev struct {
	tag        uint64
	children   bool
	attributes []attribute
	// size is what the values of an entry take, in bytes; -1 where that is not
	// the same for all entries.
	size int
}

// Bounds of one unit's abbreviations; those of a kernel's have a few hundred,
// with up to twenty attributes.
const (
	maxAbbrevs    = 1 << 14
	maxAttributes = 64
)

// parseAbbrevs reads the abbreviations at an offset of .debug_abbrev. Compilers
// number them from 1 without gaps; others are refused. all keeps the attributes
// of all of them, and size tells what a value of a form takes.
func parseAbbrevs(b []byte, order binary.ByteOrder, list []abbrev, all []attribute, size func(form uint64) int) ([]abbrev, []attribute, error) {
	c := cursor{b: b, order: order}
	list, all = append(list[:0], abbrev{}), all[:0]
	for {
		code := c.leb()
		if code == 0 && !c.bad {
			return list, all, nil
		}
		if c.bad || code != uint64(len(list)) || code > maxAbbrevs {
			return nil, nil, ErrDamaged
		}
		a := abbrev{tag: c.leb(), children: c.uint(1) != 0}
		from := len(all)
		for {
			at := attribute{name: c.leb(), form: c.leb()}
			if at.form == formImplicitConst {
				at.implicit = c.sleb()
			}
			if at == (attribute{}) {
				break
			}
			if c.bad || len(all)-from == maxAttributes {
				return nil, nil, ErrDamaged
			}
			if at.size = size(at.form); at.size < 0 || a.size < 0 {
				a.size = -1
			} else {
				a.size += at.size
			}
			all = append(all, at)
		}
		a.attributes = all[from:len(all):len(all)]
		list = append(list, a)
	}
}
