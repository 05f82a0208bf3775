package kernel

import (
	"bytes"
	"fmt"
	"slices"
)

// filterList is a copy of available_filter_functions, or of its _addrs form
// (6.5 and later): the functions that ftrace of a running kernel knows.
type filterList struct {
	// counts maps an object and a name to the number of traceable functions of
	// that name.
	counts map[filterKey]int
	// addrs is set for the _addrs form: the ftrace locations themselves.
	addrs   []uint64
	objects map[string]bool // those that were loaded
	total   int
}

type filterKey struct{ object, name string }

// isFilterList tells the list by its first lines, every one of them a name
// with nothing behind it, or with a module in brackets; the _addrs form has an
// address before the name.
func isFilterList(head []byte) bool {
	lines := 0
	for line := range bytes.Lines(head) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // the head may cut a line
		}
		if _, _, _, err := filterLine(bytes.TrimRight(line, "\r\n")); err != nil {
			return false
		}
		if lines++; lines == 20 {
			break
		}
	}
	return lines >= 3
}

// filterLine splits "name", "name [module]" or "address name [module]".
func filterLine(line []byte) (addr uint64, name, module string, err error) {
	fields := bytes.Fields(line)
	if len(fields) > 1 && len(fields[0]) >= 8 && len(fields[0]) <= 18 {
		digits := bytes.TrimPrefix(fields[0], []byte("0x"))
		all := len(digits) >= 8
		for _, c := range digits {
			d := hexDigit(c)
			all = all && d >= 0
			addr = addr<<4 | uint64(d&15)
		}
		if all {
			fields = fields[1:]
		} else {
			addr = 0
		}
	}
	if len(fields) == 2 && len(fields[1]) > 2 && fields[1][0] == '[' && fields[1][len(fields[1])-1] == ']' {
		module = string(fields[1][1 : len(fields[1])-1])
		fields = fields[:1]
	}
	if len(fields) != 1 || !isSymbolName(fields[0]) {
		return 0, "", "", fmt.Errorf("expected a name, or a name and [module]")
	}
	return addr, string(fields[0]), module, nil
}

func isSymbolName(name []byte) bool {
	for i, c := range name {
		letter := c == '_' || c == '.' || c == '$' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return len(name) > 0 && len(name) < 512
}

func parseFilterList(text []byte) (*filterList, error) {
	l := &filterList{counts: map[filterKey]int{}, objects: map[string]bool{}}
	for at, line := range textLines(text) {
		addr, name, module, err := filterLine(line)
		if err != nil {
			return nil, fmt.Errorf("offset %#x: %w", at, err)
		}
		if l.total++; l.total > maxSymbols {
			return nil, fmt.Errorf("offset %#x: more than %d functions", at, maxSymbols)
		}
		if module == "" {
			module = vmlinux
		}
		l.counts[filterKey{module, name}]++
		l.objects[module] = true
		if addr != 0 && module == vmlinux {
			l.addrs = append(l.addrs, addr)
		}
	}
	if l.total == 0 {
		return nil, fmt.Errorf("no functions")
	}
	slices.Sort(l.addrs)
	return l, nil
}
