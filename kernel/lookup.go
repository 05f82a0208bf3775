package kernel

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/klplint/klplint/klp"
)

// Position is one occurrence of a name in an object.
type Position struct {
	Sympos uint64 // 1-based, as the kernel counts
	// Addr is the link address in vmlinux; in a module the offset in the
	// symbol's section. Meaningless unless HasAddr.
	Addr    uint64
	HasAddr bool
	// Size is in bytes: st_size when Exact, else the distance to the next
	// symbol, padding included; 0 when unknown.
	Size  uint64
	Exact bool
	Kind  byte // nm's letter; 0 when unknown
	// Traceable says whether ftrace knows a location in it.
	Traceable klp.Tri
	// SiteOffset is how far behind the start that location is, in bytes, where
	// it is in code that is not the function's own: behind an entry that ftrace
	// cannot hook, in what is left of a weak function that lost. A livepatch is
	// accepted then, and the function goes on as it is. 0 for all others.
	SiteOffset uint64
	Init       bool   // lies in text that is freed after boot or after the module's init
	File       string // source file of a local symbol, where a symbol table tells it; else ""
}

// Object is the symbols of one patchable object, counted as this kernel counts
// them.
type Object struct {
	Name       string
	SrcVersion string // of a module that was read from its file
	kernel     *Kernel
	table      *symbolTable
	facts      *moduleFacts // nil for vmlinux and for modules known from /proc/kallsyms
}

// ErrUnknownObject says that nothing is known of an object's symbols.
var ErrUnknownObject = errors.New("symbols not known")

// NoSuchModule says that the kernel's folder of modules has no such module.
type NoSuchModule struct {
	Name    string
	Builtin bool   // it is built into vmlinux
	Similar string // the spelling that exists, "" for none
}

// Error returns the reason in one clause.
func (e *NoSuchModule) Error() string {
	switch {
	case e.Builtin:
		return fmt.Sprintf("%q is built into this kernel's vmlinux, not a module", e.Name)
	case e.Similar != "":
		return fmt.Sprintf("this kernel has no module %q; its name is %q", e.Name, e.Similar)
	}
	return fmt.Sprintf("this kernel has no module %q", e.Name)
}

// Object returns the symbols of "vmlinux" or of a module. The error is a
// *NoSuchModule where the folder of modules proves that there is none, wraps
// ErrUnknownObject where nothing is known, or says why the module's file could
// not be read.
func (k *Kernel) Object(name string) (*Object, error) {
	if name == vmlinux {
		if k.vmlinux.len() == 0 {
			return nil, fmt.Errorf("vmlinux: %w", ErrUnknownObject)
		}
		return &Object{Name: name, kernel: k, table: k.vmlinux}, nil
	}
	if k.modules != nil {
		m, err := k.modules.module(name)
		switch {
		case err == nil:
			return &Object{Name: name, SrcVersion: m.srcversion, kernel: k, table: m.symbols, facts: m}, nil
		case !errors.Is(err, os.ErrNotExist) || k.modules.paths[name] != "":
			return nil, err
		}
	}
	if k.text != nil {
		if t := k.text.modules[name]; t != nil {
			return &Object{Name: name, kernel: k, table: t}, nil
		}
	}
	if m := k.beside.module(k, name); m != nil {
		return &Object{Name: name, SrcVersion: m.srcversion, kernel: k, table: m.symbols, facts: m}, nil
	}
	if k.modules != nil && len(k.modules.names) > 0 {
		plain := strings.ReplaceAll(name, "-", "_")
		return nil, &NoSuchModule{Name: name, Builtin: k.modules.builtin[plain], Similar: k.modules.spelledLike(name)}
	}
	return nil, fmt.Errorf("module %s: %w", name, ErrUnknownObject)
}

// Len returns the number of symbols.
func (o *Object) Len() int { return o.table.len() }

// Positions returns the occurrences of a name, in the kernel's order.
func (o *Object) Positions(name string) []Position {
	found := o.table.find(name)
	positions := make([]Position, len(found))
	for n, i := range found {
		p := &positions[n]
		p.Sympos, p.Kind = uint64(n+1), o.table.kinds[i]
		if !o.table.hidden {
			p.Addr, p.HasAddr = o.table.addrs[i], true
		}
		if p.Size, p.Exact = o.table.size(i); o.facts == nil && o.Name == vmlinux {
			if f := o.kernel.image; f != nil && f.initEnd > 0 && o.kernel.linkAddresses() {
				p.Init = p.Addr >= f.initStart && p.Addr < f.initEnd
			} else if from, to, ok := o.initText(); ok {
				p.Init = p.Addr >= from && p.Addr < to
			}
		}
		p.File = o.table.file(i)
		p.Traceable = o.traceable(i, name, len(found), p)
		p.SiteOffset = o.siteOffset(i, p)
	}
	return positions
}

// InitOnly reports whether a module has the name only in text that is freed
// after its init: klp_find_object_symbol() finds it while the module is being
// loaded, never afterwards.
func (o *Object) InitOnly(name string) bool {
	return o.facts != nil && len(o.table.find(name)) == 0 && len(o.facts.init.find(name)) > 0
}

func (o *Object) initText() (from, to uint64, ok bool) {
	from, ok1 := o.table.addr("_sinittext")
	to, ok2 := o.table.addr("_einittext")
	return from, to, ok1 && ok2 && to > from
}

// linkAddresses reports whether the symbols' addresses are those of the image.
func (k *Kernel) linkAddresses() bool { return k.image != nil && k.vmlinux == k.image.symbols }

// LinkAddresses reports whether positions of vmlinux carry the addresses of the
// linked image, which a module's recorded addresses can be compared with.
// /proc/kallsyms shows them moved by KASLR.
func (k *Kernel) LinkAddresses() bool {
	if k.linkAddresses() {
		return !k.image.addressesFromText
	}
	// A System.map has the address at which x86_64 kernels are linked.
	text, ok := k.vmlinux.addrIfAny("_text")
	return ok && k.arch == klp.X86_64 && text == 0xffffffff81000000
}

func (t *symbolTable) addrIfAny(name string) (uint64, bool) {
	if t.len() == 0 {
		return 0, false
	}
	return t.addr(name)
}

// traceable answers ftrace_location() for the function at a position: a
// location anywhere in the symbol's range counts, as for a function that
// begins with ENDBR or BTI (kernel/trace/ftrace.c: ftrace_location). The
// locations of init text are gone once the kernel or the module is up.
func (o *Object) traceable(i int, name string, matches int, p *Position) klp.Tri {
	k := o.kernel
	if o.facts != nil {
		return tri(anyIn(o.facts.locations[o.table.sections[i]], o.table.addrs[i], o.table.end(i)))
	}
	if o.Name == vmlinux {
		if p.Init {
			return klp.No
		}
		if k.linkAddresses() && k.image.locationsKnown {
			return tri(anyIn(k.image.locations, p.Addr, o.table.after(i)))
		}
	}
	if k.filter == nil {
		return klp.Unknown
	}
	if o.Name == vmlinux && len(k.filter.addrs) > 0 && p.HasAddr && !k.linkAddresses() {
		return tri(anyIn(k.filter.addrs, p.Addr, o.table.after(i)))
	}
	switch count := k.filter.counts[filterKey{o.Name, name}]; {
	case count == 0:
		if o.Name != vmlinux && !k.filter.objects[o.Name] {
			return klp.Unknown // the module was not loaded when the list was taken
		}
		return o.listedAlias(i)
	case count >= matches:
		return klp.Yes
	}
	return klp.Unknown
}

// listedAlias answers for a symbol whose name is not in
// available_filter_functions: the list has one name an address, which may be
// that of another symbol there (__do_sys_getpid for __x64_sys_getpid).
func (o *Object) listedAlias(i int) klp.Tri {
	t := o.table
	if t.hidden {
		return klp.Unknown // nobody knows which names share an address
	}
	same := func(j int) bool {
		return t.addrs[j] == t.addrs[i] && (len(t.sections) == 0 || t.sections[j] == t.sections[i])
	}
	answer := klp.No
	alias := func(j int) {
		name := string(t.name(j))
		switch count := o.kernel.filter.counts[filterKey{o.Name, name}]; {
		case count == 0:
		case count >= len(t.find(name)):
			answer = klp.Yes
		case answer == klp.No:
			answer = klp.Unknown // one of several functions of the listed name
		}
	}
	if len(t.sections) == 0 && o.Name == vmlinux { // sorted by address
		for j := i - 1; j >= 0 && same(j); j-- {
			alias(j)
		}
		for j := i + 1; j < t.len() && same(j); j++ {
			alias(j)
		}
		return answer
	}
	for j := range t.len() {
		if j != i && same(j) {
			alias(j)
		}
	}
	return answer
}

// entrySite is the largest distance from a function's start to the call at its
// entry, in bytes: 4 behind ENDBR64, 8 behind a global entry on ppc64le; none
// is larger in the images of five architectures, but for those in dead code.
const entrySite = 16

func (o *Object) siteOffset(i int, p *Position) uint64 {
	k := o.kernel
	if o.facts != nil || o.Name != vmlinux || p.Traceable != klp.Yes || !k.linkAddresses() || !k.image.locationsKnown {
		return 0
	}
	at, _ := slices.BinarySearch(k.image.locations, p.Addr)
	if at == len(k.image.locations) || k.image.locations[at] >= o.table.after(i) {
		return 0
	}
	if offset := k.image.locations[at] - p.Addr; offset > entrySite {
		return offset
	}
	return 0
}

// after returns the next higher address in a table that is sorted by address.
func (t *symbolTable) after(i int) uint64 {
	size, _ := t.distance(i)
	return t.addrs[i] + size
}

// anyIn reports whether a sorted slice has a value in [from, to).
func anyIn(sorted []uint64, from, to uint64) bool {
	i, _ := slices.BinarySearch(sorted, from)
	return i < len(sorted) && sorted[i] < to
}

// FindSym answers klp_find_object_symbol() (kernel/livepatch/core.c).
func (k *Kernel) FindSym(object, name string, sympos uint64) klp.SymbolAnswer {
	_, answer := k.find(object, name, sympos)
	return answer
}

// FindFunc answers klp_find_object_symbol() and then the search for the ftrace
// location in klp_patch_func().
func (k *Kernel) FindFunc(object, name string, sympos uint64) klp.SymbolAnswer {
	at, answer := k.find(object, name, sympos)
	if answer.Status != klp.SymbolFound {
		return answer
	}
	switch at.Traceable {
	case klp.Yes:
	case klp.No:
		answer.Status = klp.SymbolUntraceable
		answer.Refusal = klp.Refusal{
			Errno:   "EINVAL",
			Message: fmt.Sprintf("failed to find location for function '%s'", name),
			Reason:  untraceableReason(at),
		}
		if at.Init {
			answer.Reason = "init text"
		}
	default:
		answer.Status = klp.SymbolUnknown
		answer.Reason = "whether ftrace can attach to it"
	}
	return answer
}

func untraceableReason(at Position) string {
	switch {
	case at.Init:
		return "it is in init text, which is freed after boot"
	case at.Kind != 't' && at.Kind != 'T' && at.Kind != 'W' && at.Kind != 'w' && at.Kind != 0:
		return "it is not a function"
	}
	return "ftrace has no location in it: notrace, or compiled without a patchable entry"
}

func (k *Kernel) find(object, name string, sympos uint64) (Position, klp.SymbolAnswer) {
	o, err := k.Object(object)
	if err != nil {
		return Position{}, klp.SymbolAnswer{Status: klp.SymbolUnknown, Reason: err.Error()}
	}
	positions := o.Positions(name)
	answer := klp.SymbolAnswer{Status: klp.SymbolFound, Matches: len(positions)}
	refuse := func(status klp.SymbolStatus, message, reason string) (Position, klp.SymbolAnswer) {
		answer.Status = status
		answer.Refusal = klp.Refusal{Errno: "EINVAL", Message: message, Reason: reason}
		return Position{}, answer
	}
	shown := object
	if object == vmlinux {
		shown = "(null)" // the NULL name, which one of the two messages prints as it is
	}
	switch {
	case len(positions) == 0:
		reason := fmt.Sprintf("%s has no symbol %s", object, name)
		if o.InitOnly(name) {
			reason += " after its init: it is in init text"
			answer.Reason = "init text"
		}
		return refuse(klp.SymbolMissing, fmt.Sprintf("symbol '%s' not found in symbol table", name), reason)
	case sympos == 0 && len(positions) > 1:
		return refuse(klp.SymbolAmbiguous,
			fmt.Sprintf("unresolvable ambiguity for symbol '%s' in object '%s'", name, shown),
			fmt.Sprintf("%s has %d symbols named %s", object, len(positions), name))
	case sympos > uint64(len(positions)):
		return refuse(klp.SymbolBeyond,
			fmt.Sprintf("symbol position %d for symbol '%s' in object '%s' not found", sympos, name, object),
			fmt.Sprintf("sympos is %d, but the number of symbols named %s in %s is %d", sympos, name, object, len(positions)))
	}
	at := positions[max(1, sympos)-1]
	if at.HasAddr && at.Addr == 0 && object == vmlinux {
		// A per-CPU symbol at the start of its area: address 0 counts as not found.
		return refuse(klp.SymbolMissing, fmt.Sprintf("symbol '%s' not found in symbol table", name),
			fmt.Sprintf("%s of vmlinux has address 0", name))
	}
	return at, answer
}
