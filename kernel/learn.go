package kernel

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klplint/klplint/klp"
)

// imageFacts is all that klplint keeps of a kernel image. It is what the cache
// stores.
type imageFacts struct {
	arch     klp.Arch
	banner   string // linux_banner: "Linux version 6.12..."
	vermagic string
	symbols  *symbolTable
	// locations are ftrace's call sites, sorted; nil when the image does not tell.
	locations           []uint64
	initStart, initEnd  uint64 // _sinittext, _einittext; both 0 when unknown
	types               typeFacts
	exports             *exportTable // of vmlinux alone
	config              configuration
	notes               []string // what could not be read, and why
	symbolsFromKallsyms bool
	locationsKnown      bool // __start_mcount_loc was found, even if empty
	exportFlags         bool // the kernel has __kflagstab, and demands one of modules that export
	cloneCalls          []cloneCall
	threadStarts        []threadStart
	addressesFromText   bool // a flat image: addresses count from _text
}

// learn reads an image. Only a kernel without any symbols is an error; what
// else is missing becomes a note.
func learn(m *image) (*imageFacts, error) {
	f := &imageFacts{arch: m.arch}
	m.relocateFlat()
	table, err := decodeKallsyms(m)
	switch {
	case err == nil:
		f.symbols, f.symbolsFromKallsyms = table, true
		m.rebase(table)
		m.rebaseByLocations(table)
		table.takeFiles(m.symtab)
	case errors.Is(err, errNoKallsyms) && m.symtab != nil:
		f.symbols = m.symtab
		f.note("no kallsyms tables: positions are counted in the ELF symbol table")
	case m.btf == nil:
		return nil, err
	default:
		f.note("holds only BTF") // a stub, as in Debian's headers
	}
	f.addressesFromText = m.flat && len(m.segments) > 0 && m.segments[0].addr == 0
	f.readTypes(m)
	if f.symbols == nil {
		if f.types.ModuleSize == 0 && f.types.Layout == nil {
			return nil, err
		}
		return f, nil
	}
	f.readText(m)
	f.readLocations(m)
	f.readCloneCalls(m)
	f.readThreadStarts(m)
	f.readExports(m)
	f.readConfig(m)
	return f, nil
}

func (f *imageFacts) note(format string, args ...any) {
	f.notes = append(f.notes, fmt.Sprintf(format, args...))
}

// rebase gives a flat image its link address once the symbols tell it: the
// image begins at _text.
func (m *image) rebase(table *symbolTable) {
	if !m.flat || len(m.segments) != 1 {
		return
	}
	if text, ok := table.addr("_text"); ok {
		m.segments[0].addr = text
	}
}

// bounds returns the addresses of two symbols of vmlinux.
func (f *imageFacts) bounds(start, stop string) (from, to uint64, ok bool) {
	from, ok1 := f.symbols.addr(start)
	to, ok2 := f.symbols.addr(stop)
	return from, to, ok1 && ok2 && to >= from
}

func (f *imageFacts) readText(m *image) {
	if addr, ok := f.symbols.addr("linux_banner"); ok {
		if s, ok := m.cstring(addr, 1024); ok && strings.HasPrefix(s, "Linux version ") {
			f.banner = strings.TrimSpace(s)
		}
	}
	if f.banner == "" { // kallsyms without data symbols has no linux_banner
		f.banner = cmp.Or(m.header(), m.findBanner())
	}
	if f.banner == "" {
		f.note("no version banner")
	}
	if addr, ok := f.symbols.addr("vermagic"); ok {
		if s, ok := m.cstring(addr, 256); ok {
			f.vermagic = s
		}
	}
	if from, to, ok := f.bounds("_sinittext", "_einittext"); ok {
		f.initStart, f.initEnd = from, to
	}
}

// findBanner looks for linux_banner (init/version-timestamp.c) without a symbol
// for it: the only text in a kernel in which the two words are followed by a
// number.
func (m *image) findBanner() string {
	mark := []byte("Linux version ")
	for _, s := range m.segments {
		for from := 0; ; {
			hit := bytes.Index(s.data[from:], mark)
			if hit < 0 {
				break
			}
			from += hit + len(mark)
			if from >= len(s.data) || s.data[from] < '0' || s.data[from] > '9' {
				continue
			}
			if text, ok := m.cstring(s.addr+uint64(from-len(mark)), 1024); ok {
				return strings.TrimSpace(text)
			}
		}
	}
	return ""
}

func (f *imageFacts) readTypes(m *image) {
	raw := m.btf
	if raw == nil && f.symbols != nil {
		if from, to, ok := f.bounds("__start_BTF", "__stop_BTF"); ok {
			raw = m.between(from, to)
		}
	}
	if raw == nil {
		f.note("no BTF (CONFIG_DEBUG_INFO_BTF)")
		return
	}
	// The image is let go; its types stay.
	types, err := readBTF(bytes.Clone(raw))
	if err != nil {
		f.note("%v", err)
		return
	}
	f.types = *types
}

// readLocations reads __mcount_loc: the addresses at which ftrace can attach,
// the functions of .init.text included. On x86 and s390 they are link
// addresses. arm64 keeps them in relocations where it does not apply these at
// build time: then most words are no addresses of text, and nothing is known.
func (f *imageFacts) readLocations(m *image) {
	from, to, ok := f.bounds("__start_mcount_loc", "__stop_mcount_loc")
	if !ok {
		f.note("no __start_mcount_loc: traceable functions are not known")
		return
	}
	raw := m.between(from, to)
	if raw == nil || len(raw)%8 != 0 {
		f.note("__mcount_loc at %#x is outside the image: traceable functions are not known", from)
		return
	}
	textStart, textEnd, ok := f.bounds("_stext", "_etext")
	if !ok {
		f.note("no _stext and _etext: traceable functions are not known")
		return
	}
	locations := make([]uint64, 0, len(raw)/8)
	strange := 0
	for i := 0; i < len(raw); i += 8 {
		a := m.order.Uint64(raw[i:])
		switch {
		case a+callOps >= textStart && a < textEnd, a+callOps >= f.initStart && a < f.initEnd:
			locations = append(locations, a)
		case a == 0:
			// A weak function that lost against another one (6.15 and later).
		default:
			strange++
		}
	}
	if strange > len(raw)/8/4 || len(locations) == 0 && len(raw) > 0 {
		f.note("__mcount_loc is not relocated in this image: traceable functions are not known")
		return
	}
	slices.Sort(locations)
	f.locations, f.locationsKnown = f.adjust(locations), true
}

// adjust moves call sites that precede their function to its start.
func (f *imageFacts) adjust(locations []uint64) []uint64 {
	starts := func(a uint64) bool {
		_, found := slices.BinarySearch(f.symbols.addrs, a)
		return found
	}
	if f.arch == klp.ARM64 && beforeEntry(locations, starts) {
		for i := range locations {
			locations[i] += callOps
		}
	}
	return locations
}

// readConfig reads the .config that CONFIG_IKCONFIG embeds.
func (f *imageFacts) readConfig(m *image) {
	from, to, ok := f.bounds("kernel_config_data", "kernel_config_data_end")
	if !ok {
		return
	}
	z, err := gzip.NewReader(bytes.NewReader(m.between(from, to)))
	if err != nil {
		return
	}
	text, err := io.ReadAll(io.LimitReader(z, 4<<20))
	if err != nil {
		return
	}
	if c, err := parseConfig(text); err == nil {
		f.config = c
	}
}
