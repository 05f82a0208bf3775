package kernel

import (
	"bytes"
	"hash/maphash"
	"math"
	"sort"
	"sync"
)

// Bounds on what one symbol table may hold. The largest kernels have about
// 300,000 symbols with 8 MiB of names.
const (
	maxSymbols   = 4 << 20
	maxNameBytes = 128 << 20
)

// symbolTable is the symbols of one object in the order in which the kernel
// counts positions: addresses for vmlinux (kallsyms), the symbol table's own
// order for a module (kernel/module/kallsyms.c: module_kallsyms_on_each_symbol).
// It is complete when made; several goroutines may read it.
type symbolTable struct {
	names []byte   // all names, one after the other
	ends  []uint32 // end of the i-th name in names
	addrs []uint64 // bytes; in a module: from the start of the section
	kinds []byte   // nm's letter; 0 where the source does not tell
	// sizes holds st_size where the source records it; nil where sizes follow
	// from the next symbol (kallsyms).
	sizes []uint64
	// sections holds the section index of each symbol of a module; nil for vmlinux.
	sections []uint32
	// files holds for each symbol a 1-based index into fileNames, 0 for none;
	// nil where no source file is known.
	files     []uint32
	fileNames []string
	hidden    bool // addresses are all zero (/proc/kallsyms for an ordinary user)

	clonesOnce sync.Once
	clones     map[string][]int // by function: the compiler's copies of it

	likeOnce sync.Once        // for Similar, of functions alone
	copiesOf map[string][]int // by function: the compiler's copies of it, unlikely halves included
	ofLength map[int][]int    // by the length of the name

	indexOnce sync.Once
	seed      maphash.Seed
	buckets   []uint32 // 1-based head of each hash chain
	chain     []uint32 // 1-based next symbol of the same chain, in rising order
}

func (t *symbolTable) len() int {
	if t == nil {
		return 0
	}
	return len(t.ends)
}

func (t *symbolTable) name(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = t.ends[i-1]
	}
	return t.names[start:t.ends[i]]
}

// add appends a symbol; it reports false when a bound is reached.
func (t *symbolTable) add(name []byte, addr uint64, kind byte) bool {
	if len(t.ends) >= maxSymbols || len(t.names)+len(name) > maxNameBytes {
		return false
	}
	t.names = append(t.names, name...)
	t.ends = append(t.ends, uint32(len(t.names)))
	t.addrs = append(t.addrs, addr)
	t.kinds = append(t.kinds, kind)
	return true
}

// file returns the source file of a local symbol, "" when it is not known.
func (t *symbolTable) file(i int) string {
	if t.files == nil || t.files[i] == 0 {
		return ""
	}
	return t.fileNames[t.files[i]-1]
}

// find returns the indices of the symbols of that name, in order.
func (t *symbolTable) find(name string) []int {
	if t.len() == 0 {
		return nil
	}
	t.indexOnce.Do(t.buildIndex)
	var found []int
	key := []byte(name)
	for i := t.buckets[t.hash(key)]; i != 0; i = t.chain[i-1] {
		if bytes.Equal(t.name(int(i-1)), key) {
			found = append(found, int(i-1))
		}
	}
	return found
}

func (t *symbolTable) hash(name []byte) uint64 {
	return maphash.Bytes(t.seed, name) & uint64(len(t.buckets)-1)
}

// buildIndex hashes with a random seed, so that no file can be made of names
// that share a chain. Symbols enter from the last to the first: each chain
// rises.
func (t *symbolTable) buildIndex() {
	size := 1
	for size < t.len() {
		size <<= 1
	}
	t.seed = maphash.MakeSeed()
	t.buckets = make([]uint32, size)
	t.chain = make([]uint32, t.len())
	for i := t.len() - 1; i >= 0; i-- {
		h := t.hash(t.name(i))
		t.chain[i] = t.buckets[h]
		t.buckets[h] = uint32(i + 1)
	}
}

// addr returns the address of the first symbol of that name.
func (t *symbolTable) addr(name string) (uint64, bool) {
	found := t.find(name)
	if len(found) == 0 || t.hidden {
		return 0, false
	}
	return t.addrs[found[0]], true
}

// size returns the size of a symbol as the kernel computes it: st_size where
// it is recorded, else the distance to the next higher address
// (kernel/kallsyms.c: get_symbol_pos), which includes padding.
func (t *symbolTable) size(i int) (size uint64, exact bool) {
	if t.sizes != nil {
		return t.sizes[i], true
	}
	if t.hidden || t.sections != nil {
		return 0, false
	}
	return t.distance(i)
}

// distance returns how far the next higher address is, in a table that is
// sorted by address.
func (t *symbolTable) distance(i int) (size uint64, exact bool) {
	addr := t.addrs[i]
	rest := t.addrs[i+1:]
	next := sort.Search(len(rest), func(j int) bool { return rest[j] > addr })
	if next == len(rest) {
		return math.MaxUint64 - addr, false
	}
	return rest[next] - addr, false
}

// sortByAddress puts symbols that come from a file in no known order (an ELF
// symbol table) into kallsyms' order. Equal addresses keep their order.
func (t *symbolTable) sortByAddress() *symbolTable {
	order := make([]int, t.len())
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return t.addrs[order[a]] < t.addrs[order[b]] })
	sorted := &symbolTable{hidden: t.hidden}
	if t.sizes != nil {
		sorted.sizes = make([]uint64, 0, t.len())
	}
	if t.files != nil {
		sorted.files, sorted.fileNames = make([]uint32, 0, t.len()), t.fileNames
	}
	for _, i := range order {
		sorted.add(t.name(i), t.addrs[i], t.kinds[i])
		if t.files != nil {
			sorted.files = append(sorted.files, t.files[i])
		}
		if t.sizes != nil {
			sorted.sizes = append(sorted.sizes, t.sizes[i])
		}
	}
	return sorted
}

// sorted reports whether the addresses rise, as the search in size needs.
func (t *symbolTable) sorted() bool {
	for i := 1; i < len(t.addrs); i++ {
		if t.addrs[i] < t.addrs[i-1] {
			return false
		}
	}
	return true
}

// takeFiles copies the source files from a table of the same image that knows
// them. Both are sorted by address.
func (t *symbolTable) takeFiles(from *symbolTable) {
	if from.len() == 0 || from.files == nil {
		return
	}
	t.files, t.fileNames = make([]uint32, t.len()), from.fileNames
	for i := range t.files {
		first := sort.Search(from.len(), func(j int) bool { return from.addrs[j] >= t.addrs[i] })
		for j := first; j < from.len() && from.addrs[j] == t.addrs[i] && j < first+64; j++ {
			if bytes.Equal(from.name(j), t.name(i)) {
				t.files[i] = from.files[j]
				break
			}
		}
	}
}
