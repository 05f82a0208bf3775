package kernel

// readExports reads __ksymtab and __kcrctab. Up to 7.0 symbols for
// GPL-compatible modules alone have tables of their own, __ksymtab_gpl and
// __kcrctab_gpl; since 7.1 one table holds all, and __kflagstab one byte of
// flags a symbol (include/linux/export-internal.h, kernel/module/internal.h).
func (f *imageFacts) readExports(m *image) {
	table := &exportTable{byName: map[string]Export{}}
	from, to, ok := f.bounds("__start___kflagstab", "__stop___kflagstab")
	if ok {
		f.exportFlags = true
		if flags := m.between(from, to); flags == nil || !f.readKsymtab(m, table, "", flags) {
			f.note("__ksymtab is not read: exports are not known from this image")
			return
		}
	} else {
		for _, suffix := range []string{"", "_gpl"} {
			if !f.readKsymtab(m, table, suffix, nil) {
				return
			}
		}
	}
	if len(table.byName) > 0 {
		f.exports = table
	}
}

// kflagGPLOnly is the bit of __kflagstab that EXPORT_SYMBOL_GPL sets
// (include/linux/module_symbol.h: KSYM_FLAG_GPL_ONLY).
const kflagGPLOnly = 1

// readKsymtab reads one table. Its entries are triples of value, name and
// namespace: place-relative words of 32 bits where the architecture has those
// (CONFIG_HAVE_ARCH_PREL32_RELOCATIONS), else addresses.
func (f *imageFacts) readKsymtab(m *image, table *exportTable, suffix string, flags []byte) bool {
	from, to, ok := f.bounds("__start___ksymtab"+suffix, "__stop___ksymtab"+suffix)
	entries := m.between(from, to)
	if !ok || entries == nil {
		return false
	}
	var crcs []byte
	if from, to, ok := f.bounds("__start___kcrctab"+suffix, "__stop___kcrctab"+suffix); ok {
		crcs = m.between(from, to)
	}
	for _, e := range []ksymtab{{m, from, entries, 4}, {m, from, entries, 8}} {
		list, ok := e.read()
		if !ok || flags != nil && len(flags) != len(list) {
			continue
		}
		for i, x := range list {
			x.GPL = suffix != "" || flags != nil && flags[i]&kflagGPLOnly != 0
			if len(crcs) == 4*len(list) {
				x.CRC, x.HasCRC = m.order.Uint32(crcs[4*i:]), true
			}
			table.byName[x.Name] = x
		}
		return true
	}
	return false
}

// ksymtab is a table of exports in one of its two forms.
type ksymtab struct {
	image   *image
	at      uint64 // where it is linked
	entries []byte
	width   int // bytes of a word: 4 place-relative, 8 absolute
}

// read returns the names and namespaces; false where the form is not this one.
func (k ksymtab) read() ([]Export, bool) {
	size := 3 * k.width
	if len(k.entries)%size != 0 {
		return nil, false
	}
	list := make([]Export, 0, len(k.entries)/size)
	for i := 0; i < len(k.entries); i += size {
		name, ok := k.image.cstring(k.word(i+k.width), 512)
		if !ok || name == "" {
			return nil, false
		}
		e := Export{Name: name, Module: vmlinux}
		if at := i + 2*k.width; !k.null(at) {
			e.Namespace, _ = k.image.cstring(k.word(at), 512)
		}
		list = append(list, e)
	}
	return list, true
}

// word is the address that the word at the offset stands for.
func (k ksymtab) word(at int) uint64 {
	if k.width == 8 {
		return k.image.order.Uint64(k.entries[at:])
	}
	return k.at + uint64(at) + uint64(int64(int32(k.image.order.Uint32(k.entries[at:]))))
}

func (k ksymtab) null(at int) bool {
	if k.width == 8 {
		return k.image.order.Uint64(k.entries[at:]) == 0
	}
	return k.image.order.Uint32(k.entries[at:]) == 0
}
