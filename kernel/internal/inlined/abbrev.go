package inlined

import "encoding/binary"

// Tags, attributes and forms that matter here (DWARF 5, section 7).
const (
	tagSubprogram        = 0x2e
	tagInlinedSubroutine = 0x1d
	tagCompileUnit       = 0x11

	attrName           = 0x03
	attrLowPC          = 0x11
	attrAbstractOrigin = 0x31
	attrSpecification  = 0x47
	attrRanges         = 0x55
	attrStrOffsetsBase = 0x72

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
type attribute struct{ name, form uint64 }

// abbrev is the form of entries of one kind.
type abbrev struct {
	tag        uint64
	children   bool
	attributes []attribute
}

// Bounds of one unit's abbreviations; those of a kernel's have a few hundred,
// with up to twenty attributes.
const (
	maxAbbrevs    = 1 << 14
	maxAttributes = 64
)

// parseAbbrevs reads the abbreviations at an offset of .debug_abbrev. Compilers
// number them from 1 without gaps; others are refused. all keeps the attributes
// of all of them.
func parseAbbrevs(b []byte, order binary.ByteOrder, list []abbrev, all []attribute) ([]abbrev, []attribute, error) {
	c := cursor{b: b, order: order}
	list, all = append(list[:0], abbrev{}), all[:0]
	for {
		code := c.leb()
		if code == 0 && !c.bad {
			return list, all, nil
		}
		if c.bad || code != uint64(len(list)) || code > maxAbbrevs {
			return nil, nil, errDamaged
		}
		a := abbrev{tag: c.leb(), children: c.uint(1) != 0}
		from := len(all)
		for {
			at := attribute{c.leb(), c.leb()}
			if at.form == formImplicitConst {
				c.leb()
			}
			if at == (attribute{}) {
				break
			}
			if c.bad || len(all)-from == maxAttributes {
				return nil, nil, errDamaged
			}
			all = append(all, at)
		}
		a.attributes = all[from:len(all):len(all)]
		list = append(list, a)
	}
}
