package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/klplint/klplint/finding"
)

// Fingerprints returns, for each finding, a word that stays the same over
// rebuilds of the module: 32 hex digits, and ":n" behind the n-th finding that
// is otherwise equal (n from 2), in the order given.
//
// It is the first half of the SHA-256 over rule, module name, object, func,
// section, symbol and the message with its numbers masked. Offsets, paths and
// file digests, which change with every build, have no part in it. names maps
// a module's path to its own name; a path that is missing stands for itself.
func Fingerprints(findings []finding.Finding, names map[string]string) []string {
	out := make([]string, len(findings))
	seen := make(map[string]int)
	var b []byte
	for i := range findings {
		f := &findings[i]
		name, ok := names[f.Module]
		if !ok || name == "" {
			name = f.Module
		}
		b = append(b[:0], "v1"...)
		for _, part := range [...]string{f.Rule, name, f.Object, f.Func, f.Location.Section, f.Location.Symbol} {
			b = append(b, 0)
			b = append(b, part...)
		}
		b = append(b, 0)
		b = appendMasked(b, f.Message)
		sum := sha256.Sum256(b)
		word := hex.EncodeToString(sum[:16])
		seen[word]++
		if n := seen[word]; n > 1 {
			word += ":" + strconv.Itoa(n)
		}
		out[i] = word
	}
	return out
}

// appendMasked appends s with every run of digits, a hexadecimal number's
// included, as one #.
func appendMasked(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		j := i
		if s[i] == '0' && i+2 < len(s) && s[i+1] == 'x' && isHex(s[i+2]) {
			for j = i + 2; j < len(s) && isHex(s[j]); j++ {
			}
		} else {
			for ; j < len(s) && s[j] >= '0' && s[j] <= '9'; j++ {
			}
		}
		if j > i {
			b = append(b, '#')
			i = j
			continue
		}
		b = append(b, s[i])
		i++
	}
	return b
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
