package elfread

import (
	"bytes"
	"hash/maphash"

	"github.com/klplint/klplint/klp"
)

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
	t := &p.versions
	t.reset(p.m)
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
			t.set(name, uint32(p.f.Uint64(data)))
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
		t.set(names[:n], p.f.Uint32(crcs))
		names = names[n+1:]
	}
	return nil
}

// nameTable finds imports by name. It is a hash table of its own because a map
// of strings costs more than everything else that is done with the imports;
// the seed is random, so that no file can be made to collide.
type nameTable struct {
	module  *klp.Module
	imports []klp.Import
	slots   []int32 // 1 + index into imports; 0 is free
	seed    maphash.Seed
	seeded  bool
}

// layoutSymbol is the name under which the version of struct module stands.
const layoutSymbol = "module_layout"

// reset enters the module's imports.
func (t *nameTable) reset(m *klp.Module) {
	imports := m.Imports
	n := 16
	for n < 2*len(imports) {
		n *= 2
	}
	if !t.seeded {
		t.seed, t.seeded = maphash.MakeSeed(), true
	}
	t.module, t.imports, t.slots = m, imports, cleared(t.slots, n)
	for i := range imports {
		h := maphash.String(t.seed, imports[i].Name)
		for {
			slot := &t.slots[h&uint64(n-1)]
			if *slot == 0 {
				*slot = int32(i + 1)
			}
			if imports[*slot-1].Name == imports[i].Name { // equal names share the first one's slot
				break
			}
			h++
		}
	}
}

// set records the CRC of the first import with the name, if there is one, or of
// the module's layout.
func (t *nameTable) set(name []byte, crc uint32) {
	if string(name) == layoutSymbol {
		t.module.LayoutCRC, t.module.HasLayoutCRC = crc, true
	}
	mask := uint64(len(t.slots) - 1)
	for h := maphash.Bytes(t.seed, name); t.slots[h&mask] != 0; h++ {
		if im := &t.imports[t.slots[h&mask]-1]; im.Name == string(name) {
			im.HasCRC, im.CRC = true, crc
			return
		}
	}
}
