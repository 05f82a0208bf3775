package elfread

import "bytes"

// versionSize is the size of struct modversion_info: an unsigned long with the
// CRC, then the name in 56 bytes (include/linux/module.h).
const versionSize = 64

// readVersions gives the imports the CRCs that the module records: in
// __versions, or, for names that do not fit there, in __version_ext_crcs and
// __version_ext_names (Linux 6.14), which the kernel prefers.
func (p *parser) readVersions() error {
	if p.sec.versions == 0 && (p.sec.extCRCs == 0 || p.sec.extNames == 0) {
		return nil
	}
	p.indexImports()
	if i := p.sec.versions; i != 0 {
		data, err := p.f.Data(i)
		if err != nil {
			return err
		}
		for ; len(data) >= versionSize; data = data[versionSize:] {
			name := data[8:versionSize]
			if n := bytes.IndexByte(name, 0); n >= 0 {
				name = name[:n]
			}
			p.setCRC(name, p.f.Uint64(data), false)
		}
	}
	if p.sec.extCRCs == 0 || p.sec.extNames == 0 {
		return nil
	}
	crcs, err := p.f.Data(p.sec.extCRCs)
	if err != nil {
		return err
	}
	names, err := p.f.Data(p.sec.extNames)
	if err != nil {
		return err
	}
	for ; len(crcs) >= 4 && len(names) > 0; crcs = crcs[4:] {
		n := bytes.IndexByte(names, 0)
		if n < 0 {
			break
		}
		p.setCRC(names[:n], uint64(p.f.Uint32(crcs)), true)
		names = names[n+1:]
	}
	return nil
}

// layoutSymbol is the name under which the version of struct module stands.
const layoutSymbol = "module_layout"

// indexImports enters the imports by name; of equal names the first.
func (p *parser) indexImports() {
	if p.imports == nil {
		p.imports = make(map[string]int, len(p.m.Imports))
	}
	clear(p.imports)
	for i := len(p.m.Imports) - 1; i >= 0; i-- {
		p.imports[p.m.Imports[i].Name] = i
	}
}

// setCRC records the CRC of the import with the name, if there is one, or of
// the module's layout; prefer replaces one that is there.
func (p *parser) setCRC(name []byte, crc uint64, prefer bool) {
	if string(name) == layoutSymbol && (prefer || !p.m.HasLayoutCRC) {
		p.m.LayoutCRC, p.m.HasLayoutCRC = crc, true
	}
	if i, ok := p.imports[string(name)]; ok {
		im := &p.m.Imports[i]
		if im.HasCRC && !prefer {
			return // the kernel takes the first entry of a name
		}
		im.HasCRC, im.CRC = true, crc
	}
}
