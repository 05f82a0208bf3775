package kernel

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"github.com/klplint/klplint/klp"
)

// encoder writes the cache's flat little-endian form.
type encoder struct{ b []byte }

func (e *encoder) u64(v uint64)    { e.b = binary.LittleEndian.AppendUint64(e.b, v) }
func (e *encoder) bytes(v []byte)  { e.u64(uint64(len(v))); e.b = append(e.b, v...) }
func (e *encoder) string(v string) { e.u64(uint64(len(v))); e.b = append(e.b, v...) }

func (e *encoder) bool(v bool) {
	if v {
		e.u64(1)
	} else {
		e.u64(0)
	}
}

// writeWords writes a slice; nil and empty stay apart.
func writeWords[T uint32 | uint64](e *encoder, v []T) {
	e.bool(v != nil)
	e.u64(uint64(len(v)))
	e.b, _ = binary.Append(e.b, binary.LittleEndian, v) // no error for slices of numbers
}

// decoder reads what encoder wrote. After an error every read gives zero.
type decoder struct {
	b   []byte
	err error
}

var errCacheEntry = errors.New("damaged cache entry")

func (d *decoder) take(n uint64) []byte {
	if d.err != nil || n > uint64(len(d.b)) {
		d.err = errCacheEntry
		return nil
	}
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) u64() uint64 {
	if b := d.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (d *decoder) bytes() []byte  { return d.take(d.u64()) }
func (d *decoder) string() string { return string(d.bytes()) }
func (d *decoder) bool() bool     { return d.u64() != 0 }

// count reads the length of a slice of items of the given size.
func (d *decoder) count(size int) int {
	n := d.u64()
	if n > uint64(len(d.b)/size) {
		d.err = errCacheEntry
		return 0
	}
	return int(n)
}

// readWords reads a slice that writeWords wrote.
func readWords[T uint32 | uint64](d *decoder) []T {
	size := binary.Size(T(0))
	there, n := d.bool(), d.count(size)
	if !there {
		return nil
	}
	v := make([]T, n)
	if b := d.take(uint64(size * n)); b != nil {
		_, _ = binary.Decode(b, binary.LittleEndian, v) // count made sure that they are there
	}
	return v
}

func (e *encoder) symbols(t *symbolTable) {
	e.bool(t != nil)
	if t == nil {
		return
	}
	e.bytes(t.names)
	writeWords(e, t.ends)
	writeWords(e, t.addrs)
	e.bytes(t.kinds)
	writeWords(e, t.sizes)
	writeWords(e, t.sections)
	e.bool(t.hidden)
	writeWords(e, t.files)
	e.u64(uint64(len(t.fileNames)))
	for _, n := range t.fileNames {
		e.string(n)
	}
}

func (d *decoder) symbols() *symbolTable {
	if !d.bool() {
		return nil
	}
	t := &symbolTable{names: d.bytes(), ends: readWords[uint32](d), addrs: readWords[uint64](d), kinds: d.bytes(), sizes: readWords[uint64](d), sections: readWords[uint32](d), hidden: d.bool(), files: readWords[uint32](d)}
	for range d.count(8) {
		t.fileNames = append(t.fileNames, d.string())
	}
	n := len(t.ends)
	good := len(t.addrs) == n && len(t.kinds) == n && n <= maxSymbols &&
		(t.sizes == nil || len(t.sizes) == n) && (t.sections == nil || len(t.sections) == n)
	last := uint32(0)
	for _, end := range t.ends {
		good = good && end >= last
		last = end
	}
	good = good && (t.files == nil || len(t.files) == n)
	for _, f := range t.files {
		good = good && int(f) <= len(t.fileNames)
	}
	if !good || int(last) > len(t.names) {
		d.err = errCacheEntry
		return nil
	}
	return t
}

func (e *encoder) image(f *imageFacts) {
	e.string(string(f.arch))
	e.string(f.banner)
	e.string(f.vermagic)
	e.symbols(f.symbols)
	writeWords(e, f.locations)
	e.u64(f.initStart)
	e.u64(f.initEnd)
	e.u64(f.types.ModuleSize)
	e.bool(f.types.Layout != nil)
	if l := f.types.Layout; l != nil {
		for _, field := range layoutFields(l) {
			e.u64(*field)
		}
		e.bool(l.HasStates)
		e.bool(l.HasCallbacks)
		e.string(string(l.ReplaceField))
	}
	e.exports(f.exports)
	e.u64(uint64(len(f.config)))
	for _, option := range slices.Sorted(maps.Keys(f.config)) {
		e.string(option)
		e.string(f.config[option])
	}
	e.u64(uint64(len(f.notes)))
	for _, n := range f.notes {
		e.string(n)
	}
	e.bool(f.symbolsFromKallsyms)
	e.bool(f.locationsKnown)
	e.bool(f.addressesFromText)
	e.bool(f.exportFlags)
	e.u64(uint64(len(f.cloneCalls)))
	for _, c := range f.cloneCalls {
		e.u64(c.clone)
		e.u64(c.caller)
	}
	e.u64(uint64(len(f.threadStarts)))
	for _, s := range f.threadStarts {
		e.u64(s.main)
		e.u64(s.starter)
	}
}

func (d *decoder) image() *imageFacts {
	f := &imageFacts{arch: klp.Arch(d.string()), banner: d.string(), vermagic: d.string(), symbols: d.symbols(), locations: readWords[uint64](d), initStart: d.u64(), initEnd: d.u64()}
	f.types.ModuleSize = d.u64()
	if d.bool() {
		l := &klp.Layout{Source: klp.LayoutBTF}
		for _, field := range layoutFields(l) {
			*field = d.u64()
		}
		l.HasStates, l.HasCallbacks, l.ReplaceField = d.bool(), d.bool(), klp.ReplaceKind(d.string())
		f.types.Layout = l
	}
	f.exports = d.exports()
	if n := d.count(16); n > 0 {
		f.config = make(configuration, n)
		for range n {
			option := d.string()
			f.config[option] = d.string()
		}
	}
	for range d.count(8) {
		f.notes = append(f.notes, d.string())
	}
	f.symbolsFromKallsyms, f.locationsKnown, f.addressesFromText, f.exportFlags = d.bool(), d.bool(), d.bool(), d.bool()
	for range d.count(16) {
		f.cloneCalls = append(f.cloneCalls, cloneCall{d.u64(), d.u64()})
	}
	sortCloneCalls(f.cloneCalls) // sorted already, unless the entry lies
	for range d.count(16) {
		f.threadStarts = append(f.threadStarts, threadStart{d.u64(), d.u64()})
	}
	slices.SortFunc(f.threadStarts, threadStart.compare)
	return f
}

// layoutFields lists the numbers of a layout in a fixed order.
func layoutFields(l *klp.Layout) []*uint64 {
	return []*uint64{
		&l.PatchSize, &l.ObjectSize, &l.FuncSize, &l.StateSize,
		&l.PatchMod, &l.PatchObjs, &l.PatchStates, &l.PatchReplace, &l.PatchSupersedes,
		&l.ObjectName, &l.ObjectFuncs, &l.ObjectCallbacks,
		&l.FuncName, &l.FuncNew, &l.FuncSympos, &l.StateID, &l.StateVersion,
	}
}

func (e *encoder) exports(t *exportTable) {
	e.bool(t != nil)
	if t == nil {
		return
	}
	e.bool(t.modules)
	e.u64(uint64(len(t.byName)))
	for _, name := range slices.Sorted(maps.Keys(t.byName)) {
		x := t.byName[name]
		e.string(x.Name)
		e.string(x.Module)
		e.u64(uint64(x.CRC))
		e.bool(x.HasCRC)
		e.bool(x.GPL)
		e.string(x.Namespace)
	}
}

func (d *decoder) exports() *exportTable {
	if !d.bool() {
		return nil
	}
	t := &exportTable{modules: d.bool()}
	n := d.count(48)
	t.byName = make(map[string]Export, n)
	for range n {
		x := Export{Name: d.string(), Module: d.string(), CRC: uint32(d.u64()), HasCRC: d.bool(), GPL: d.bool(), Namespace: d.string()}
		t.byName[x.Name] = x
	}
	return t
}

func (e *encoder) module(m *moduleFacts) {
	e.string(string(m.arch))
	e.string(m.name)
	e.string(m.srcversion)
	e.string(m.vermagic)
	e.u64(m.thisModule)
	e.symbols(m.symbols)
	e.symbols(m.init)
	e.u64(uint64(len(m.locations)))
	for _, s := range slices.Sorted(maps.Keys(m.locations)) {
		e.u64(uint64(s))
		writeWords(e, m.locations[s])
	}
}

func (d *decoder) module() *moduleFacts {
	m := &moduleFacts{arch: klp.Arch(d.string()), name: d.string(), srcversion: d.string(), vermagic: d.string(), thisModule: d.u64(), symbols: d.symbols(), init: d.symbols(), locations: map[uint32][]uint64{}}
	for range d.count(24) {
		s := uint32(d.u64())
		m.locations[s] = readWords[uint64](d)
	}
	if m.symbols == nil || m.init == nil {
		d.err = errCacheEntry
	}
	return m
}
