package elfread

import (
	"bytes"
	"debug/elf"
	"fmt"
	"strconv"
	"strings"

	"github.com/klplint/klplint/internal/release"
	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/klp"
)

// Widths of the kernel's scans (kernel/livepatch/core.c: klp_resolve_symbols,
// klp_apply_section_relocs): MODULE_NAME_LEN - 1 for objects; for symbols
// KSYM_NAME_LEN - 1, which was 127 before 6.1.
const (
	objectWidth    = klp.ModuleNameLen - 1
	symbolWidth    = 511
	symbolWidthOld = 127
)

const (
	symPrefix       = ".klp.sym."
	relaPrefix      = ".klp.rela."
	tombstonePrefix = ".klp.tombstone."
)

// klpSymbol takes up a symbol that the livepatch core would resolve, or that
// is named like one.
func (p *parser) klpSymbol(i int, y safeelf.Sym) error {
	raw := p.syms.tab.Name(y)
	if raw == nil {
		return p.fail(p.symPlace(i), "symbol %d: name outside the string table or longer than %d bytes", i, safeelf.MaxName)
	}
	k := klp.KlpSym{Shndx: y.Shndx, Weak: y.Bind() == elf.STB_WEAK, Index: i, At: p.at(p.symPlace(i))}
	k.Tombstone = bytes.HasPrefix(raw, []byte(tombstonePrefix))
	if !k.Tombstone && y.Shndx != klp.SHNLivepatch && !bytes.HasPrefix(raw, []byte(symPrefix)) {
		return nil // .klp.symid and the like: not resolved by the kernel
	}
	if len(p.m.KlpSyms) == maxKlpSyms {
		return p.fail(p.symPlace(i), "more than %d livepatch symbols", maxKlpSyms)
	}
	k.Raw = p.symString(y, raw)
	if !k.Tombstone {
		k.Object, k.Name, k.Sympos, k.Malformed = parseKlpSym(k.Raw, p.symbolWidth())
	}
	p.m.KlpSyms = append(p.m.KlpSyms, k)
	return nil
}

// symbolWidth returns the width of the kernel's scan for the module's release.
func (p *parser) symbolWidth() int {
	if v, ok := release.Parse(p.m.Vermagic.Release); ok && !v.AtLeast(6, 1) {
		return symbolWidthOld
	}
	return symbolWidth
}

// parseKlpSym splits a name as the kernel does, by
// sscanf(".klp.sym.%55[^.].%511[^,],%lu"): the object ends at the first dot,
// the symbol, which may hold dots, at the first comma, and what follows the
// number is not looked at. malformed says why the scan fails, "" when it does not.
func parseKlpSym(raw string, width int) (object, name string, sympos uint64, malformed string) {
	rest, ok := strings.CutPrefix(raw, symPrefix)
	if !ok {
		return "", "", 0, "the name does not start with " + symPrefix
	}
	object, rest, ok = strings.Cut(rest, ".")
	switch {
	case object == "":
		return "", "", 0, "the object name is empty"
	case len(object) > objectWidth:
		return "", "", 0, fmt.Sprintf("the object name has %d bytes, the kernel reads at most %d", len(object), objectWidth)
	case !ok:
		return "", "", 0, "no dot after the object name"
	}
	name, rest, ok = strings.Cut(rest, ",")
	switch {
	case name == "":
		return "", "", 0, "the symbol name is empty"
	case len(name) > width:
		return "", "", 0, fmt.Sprintf("the symbol name has %d bytes, the kernel reads at most %d", len(name), width)
	case !ok:
		return "", "", 0, "no comma and symbol position at the end of the name"
	}
	rest = strings.TrimLeft(rest, " \t\n\v\f\r")
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	if digits == 0 {
		return "", "", 0, "no number after the comma"
	}
	sympos, err := strconv.ParseUint(rest[:digits], 10, 64)
	if err != nil {
		return "", "", 0, "the symbol position does not fit in 64 bits"
	}
	return object, name, sympos, ""
}

// parseKlpRela splits a section's name as sscanf(".klp.rela.%55[^.]") does;
// what follows the object is the name of the target section.
func parseKlpRela(name string) (object, target, malformed string) {
	rest, ok := strings.CutPrefix(name, relaPrefix)
	if !ok {
		return "", "", "the name does not start with " + relaPrefix
	}
	object, target, _ = strings.Cut(rest, ".")
	switch {
	case object == "":
		return "", "", "the object name is empty"
	case len(object) > objectWidth:
		return "", "", fmt.Sprintf("the object name has %d bytes, the kernel reads at most %d", len(object), objectWidth)
	}
	return object, target, ""
}
