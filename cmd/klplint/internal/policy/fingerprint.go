package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/klplint/klplint/finding"
)

// Fingerprints returns, for each finding, a word that stays the same over
// rebuilds of the module: 32 hex digits, and ":n" behind the n-th finding of one
// file that is otherwise equal (n from 2). Which of the equal ones is the n-th
// makes no difference, and what else is judged in the run none either: two files
// of one module have the fingerprints that each has by itself.
//
// It is the first half of the SHA-256 over rule, module name, object, func,
// section, symbol and the message with its offsets and addresses masked, and over
// all funcs of a finding that lists them and all of its Identity, in whatever order:
// a message names only the first of many, and the other module of a pair not at all
// or with what looks like an offset. Offsets, addresses, paths and file
// digests, which change with every build, have no part in it; names, ids,
// versions and sympos, in which findings differ, have. names maps a module's path
// to its own name; a path that is missing stands for itself.
func Fingerprints(findings []finding.Finding, names map[string]string) []string {
	out := make([]string, len(findings))
	type counted struct{ module, word string }
	seen := make(map[counted]int)
	var b []byte
	var sorted []finding.Func
	var identity []string
	for i := range findings {
		f := &findings[i]
		name, ok := names[f.Module]
		if !ok || name == "" {
			name = f.Module
		}
		b = append(b[:0], "v2"...)
		for _, part := range [...]string{f.Rule, name, f.Object, f.Func, f.Location.Section, f.Location.Symbol} {
			b = append(b, 0)
			b = append(b, part...)
		}
		b = append(b, 0)
		b = appendMasked(b, f.Message)
		if len(f.Funcs) > 0 {
			sorted = append(sorted[:0], f.Funcs...)
			b = appendFuncs(b, sorted)
		}
		if len(f.Identity) > 0 {
			identity = append(identity[:0], f.Identity...)
			b = appendIdentity(b, identity)
		}
		sum := sha256.Sum256(b)
		word := hex.EncodeToString(sum[:16])
		key := counted{f.Module, word}
		seen[key]++
		if n := seen[key]; n > 1 {
			word += ":" + strconv.Itoa(n)
		}
		out[i] = word
	}
	return out
}

// appendFuncs appends what a finding lists beside its message, and sorts it first: in
// which order a module has its funcs decides nothing.
func appendFuncs(b []byte, funcs []finding.Func) []byte {
	slices.SortFunc(funcs, func(x, y finding.Func) int {
		if c := strings.Compare(x.Object, y.Object); c != 0 {
			return c
		}
		return strings.Compare(x.Name, y.Name)
	})
	for _, fn := range funcs {
		b = append(append(b, 0), fn.Object...)
		b = append(append(b, 0), fn.Name...)
	}
	return b
}

// appendIdentity appends what a message does not tell, and sorts it first. No name
// begins with the byte before each, so that none is taken for a func.
func appendIdentity(b []byte, words []string) []byte {
	slices.Sort(words)
	for _, w := range words {
		b = append(append(b, 0, 1), w...)
	}
	return b
}

// appendMasked appends s with every offset and address as one #: a number in
// hexadecimal behind a plus sign (.text+0x18), or behind "at" or "offset". Others,
// such as the ids of shadow variables, say what the finding is about.
func appendMasked(b []byte, s string) []byte {
	start := 0
	for i := 0; i+2 < len(s); i++ {
		if s[i] != '0' || s[i+1] != 'x' || !isHex(s[i+2]) || !isPlace(s[:i]) {
			continue
		}
		b = append(append(b, s[start:i]...), '#')
		for start = i + 2; start < len(s) && isHex(s[start]); {
			start++
		}
		i = start - 1
	}
	return append(b, s[start:]...)
}

// isPlace reports whether a number behind this text is a place.
func isPlace(before string) bool {
	if strings.HasSuffix(before, "+") {
		return true
	}
	before, spaced := strings.CutSuffix(before, " ")
	if !spaced {
		return false
	}
	word := before[strings.LastIndexByte(before, ' ')+1:]
	return word == "at" || word == "offset"
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
