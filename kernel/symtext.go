package kernel

import (
	"bytes"
	"fmt"
	"strings"
)

// symbolText is what a System.map or a copy of /proc/kallsyms says.
type symbolText struct {
	vmlinux *symbolTable
	modules map[string]*symbolTable // from the names in brackets
	order   []string                // the modules in order of appearance
}

// isSymbolText tells a System.map or kallsyms copy by its first line: a
// hexadecimal address, a letter, a name.
func isSymbolText(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	_, _, _, _, err := symbolLine(line)
	return err == nil
}

// symbolLine splits "ffffffff81000000 T _text" or "... t name\t[module]".
func symbolLine(line []byte) (addr uint64, kind byte, name, module []byte, err error) {
	digits := 0
	for digits < len(line) && digits <= 16 {
		d := hexDigit(line[digits])
		if d < 0 {
			break
		}
		addr = addr<<4 | uint64(d)
		digits++
	}
	if digits < 8 || digits > 16 || len(line) < digits+4 || line[digits] != ' ' || line[digits+2] != ' ' {
		return 0, 0, nil, nil, fmt.Errorf("expected address, letter and name")
	}
	kind, name = line[digits+1], line[digits+3:]
	if tab := bytes.IndexByte(name, '\t'); tab >= 0 {
		module = bytes.TrimSpace(name[tab+1:])
		name = name[:tab]
		if len(module) < 3 || module[0] != '[' || module[len(module)-1] != ']' {
			return 0, 0, nil, nil, fmt.Errorf("expected [module] after the tab")
		}
		module = module[1 : len(module)-1]
	}
	name = bytes.TrimRight(name, " \r")
	if len(name) == 0 {
		return 0, 0, nil, nil, fmt.Errorf("symbol without a name")
	}
	return addr, kind, name, module, nil
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// parseSymbolText reads System.map and /proc/kallsyms. Positions follow the
// order of the lines: System.map is sorted by address, /proc/kallsyms lists
// vmlinux by address and each module in its symbol table's order.
func parseSymbolText(text []byte) (*symbolText, error) {
	s := &symbolText{vmlinux: &symbolTable{hidden: true}, modules: map[string]*symbolTable{}}
	var last string
	var table *symbolTable
	for at, line := range textLines(text) {
		addr, kind, name, module, err := symbolLine(line)
		if err != nil {
			return nil, fmt.Errorf("offset %#x: %w", at, err)
		}
		// Undefined and debugging symbols are no symbols of the running kernel.
		if kind == 'U' || kind == 'N' || (kind == 'w' && addr == 0 && module == nil && !s.vmlinux.hidden) {
			continue
		}
		t := s.vmlinux
		if module != nil {
			if table == nil || last != string(module) {
				last = string(module)
				table = s.module(last)
			}
			t = table
		}
		if t == nil {
			continue // ftrace and kprobe trampolines, BPF programs: no module's symbols
		}
		if addr != 0 {
			t.hidden = false
		}
		if !t.add(name, addr, kind) {
			return nil, fmt.Errorf("offset %#x: more than %d symbols or %d bytes of names", at, maxSymbols, maxNameBytes)
		}
	}
	if s.vmlinux.len() == 0 && len(s.modules) == 0 {
		return nil, fmt.Errorf("no symbols")
	}
	if !s.vmlinux.hidden && !s.vmlinux.sorted() {
		return nil, fmt.Errorf("addresses are not in ascending order: the positions of the symbols are unknown")
	}
	return s, nil
}

// maxListedModules bounds the modules that one kallsyms copy may name.
const maxListedModules = 16 << 10

func (s *symbolText) module(name string) *symbolTable {
	if name == "bpf" || strings.HasPrefix(name, "__builtin__") {
		return nil
	}
	t := s.modules[name]
	if t == nil && len(s.order) < maxListedModules {
		// Addresses in a module mix sections: no sizes can be derived.
		t = &symbolTable{hidden: true, sections: []uint32{}}
		s.modules[name] = t
		s.order = append(s.order, name)
	}
	return t
}
