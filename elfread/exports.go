package elfread

import "bytes"

// maxExports bounds the symbols that one module exports.
const maxExports = 1 << 16

// readExports lists the names of the symbols that the module exports, which its
// table of exports (__ksymtab) refers to.
func (p *parser) readExports() error {
	if p.sec.ksymStrings == 0 {
		return nil
	}
	data, err := p.f.Data(p.sec.ksymStrings)
	if err != nil {
		return err
	}
	for len(data) > 0 {
		name, rest, _ := bytes.Cut(data, []byte{0})
		data = rest
		if len(name) == 0 { // the namespace of most
			continue
		}
		if len(p.m.Exports) == maxExports {
			return p.fail(place{Section: p.sec.ksymStrings}, "more than %d exported symbols", maxExports)
		}
		p.m.Exports = append(p.m.Exports, string(name))
	}
	return nil
}
