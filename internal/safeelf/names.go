package safeelf

// Bounds on the section names that a Source keeps from file to file.
const (
	maxKeptNames = 1024
	maxKeptName  = 64 // bytes
)

// sectionNames makes strings of section names. Modules have much the same
// sections, mostly at the same index, so that hardly any name is a new string.
type sectionNames struct {
	raw  [][]byte // of the file at hand, by section index
	last []string // of the file before it
	kept map[string]string
}

// name returns the name of section i.
func (n *sectionNames) name(i int) string {
	raw := n.raw[i]
	if i < len(n.last) && n.last[i] == string(raw) {
		return n.last[i]
	}
	name, ok := n.kept[string(raw)]
	if !ok {
		name = string(raw)
		if len(n.kept) < maxKeptNames && len(name) <= maxKeptName {
			if n.kept == nil {
				n.kept = make(map[string]string)
			}
			n.kept[name] = name
		}
	}
	switch {
	case len(name) > maxKeptName || i >= maxKeptNames:
	case i < len(n.last):
		n.last[i] = name
	case i == len(n.last):
		n.last = append(n.last, name)
	}
	return name
}

// nameless is a file whose ELF header names no table of section names, so that
// elf.NewFile leaves the names to sectionNames.
type nameless struct {
	src  *Source
	hide bool
}

const shstrndxAt = 62 // e_shstrndx, 2 bytes

// ReadAt reads like io.ReaderAt, but for the two bytes that it hides.
func (f *nameless) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.src.ReadAt(p, off)
	for i := int64(shstrndxAt); f.hide && i < shstrndxAt+2; i++ {
		if i >= off && i-off < int64(n) {
			p[i-off] = 0
		}
	}
	return n, err
}
