package kernel

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Export is one exported symbol.
type Export struct {
	Name      string
	Module    string // "vmlinux" or the module's name, without folders
	CRC       uint32
	HasCRC    bool   // the kernel has CONFIG_MODVERSIONS
	GPL       bool   // EXPORT_SYMBOL_GPL: for GPL-compatible modules only
	Namespace string // "" for none; "module:..." restricts it to named modules
}

// exportTable holds the exports by name, from Module.symvers or from an image.
type exportTable struct {
	byName map[string]Export
	// modules: the exports of modules are in the table too, not only vmlinux's.
	modules bool
}

// isSymvers tells a Module.symvers by its first line: 0xCRC, tab, symbol, tab.
func isSymvers(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	_, err := symversLine(string(line))
	return err == nil
}

// symversLine reads "CRC symbol module export-type namespace", separated by
// tabs (scripts/mod/modpost.c: write_dump); kernels before 5.4 have no
// namespace, 5.4 and 5.5 had it in third place.
func symversLine(line string) (Export, error) {
	fields := strings.Split(strings.TrimRight(line, "\r"), "\t")
	if len(fields) < 4 || len(fields) > 5 || !strings.HasPrefix(fields[0], "0x") || fields[1] == "" {
		return Export{}, fmt.Errorf("expected CRC, symbol, module, type and namespace")
	}
	if len(fields) == 5 && strings.HasPrefix(fields[4], "EXPORT_") {
		fields[2], fields[3], fields[4] = fields[3], fields[4], fields[2]
	}
	crc, err := strconv.ParseUint(fields[0][2:], 16, 32)
	if err != nil {
		return Export{}, fmt.Errorf("CRC %q: not a 32-bit number", fields[0])
	}
	if !strings.HasPrefix(fields[3], "EXPORT_") {
		return Export{}, fmt.Errorf("export type %q", fields[3])
	}
	module := fields[2][strings.LastIndexByte(fields[2], '/')+1:]
	e := Export{
		Name:   fields[1],
		Module: strings.ReplaceAll(strings.TrimSuffix(module, ".ko"), "-", "_"),
		CRC:    uint32(crc),
		// Without CONFIG_MODVERSIONS every CRC is written as 0.
		HasCRC: crc != 0,
		GPL:    strings.HasPrefix(fields[3], "EXPORT_SYMBOL_GPL"),
	}
	if len(fields) == 5 {
		e.Namespace = fields[4]
	}
	return e, nil
}

func parseSymvers(text []byte) (*exportTable, error) {
	t := &exportTable{byName: map[string]Export{}}
	for at, line := range textLines(text) {
		e, err := symversLine(string(line))
		if err != nil {
			return nil, fmt.Errorf("offset %#x: %w", at, err)
		}
		if len(t.byName) >= maxSymbols {
			return nil, fmt.Errorf("offset %#x: more than %d exports", at, maxSymbols)
		}
		t.byName[e.Name] = e
		t.modules = t.modules || e.Module != "vmlinux"
	}
	return t, nil
}

// merge takes over what the other table knows beyond this one.
func (t *exportTable) merge(other *exportTable) *exportTable {
	if t == nil {
		return other
	}
	if other != nil {
		t.modules = t.modules || other.modules
		for name, e := range other.byName {
			if _, there := t.byName[name]; !there {
				t.byName[name] = e
			}
		}
	}
	return t
}
