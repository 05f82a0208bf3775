package gate

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// encode writes a statement as JSON with an indent of two spaces. Its findings,
// the last of all, may be thousands: they are written here, for to indent them
// encoding/json reads all that it wrote once more.
func (s *Statement) encode() ([]byte, error) {
	const none = "[]\n    }\n  }\n}\n" // no findings, and the end
	frame := *s
	frame.Predicate.Klplint.Findings = []AttestedFinding{}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(&frame); err != nil {
		return nil, err
	}
	list := s.Predicate.Klplint.Findings
	if len(list) == 0 {
		return b.Bytes(), nil
	}
	head, found := bytes.CutSuffix(b.Bytes(), []byte(none))
	if !found {
		return nil, errors.New("a statement does not end with its findings")
	}
	size := len(head) + len(none)
	for i := range list {
		size += list[i].size()
	}
	out := append(make([]byte, 0, size), head...)
	separator := "[\n"
	for i := range list {
		out = list[i].append(append(out, separator...))
		separator = ",\n"
	}
	return append(append(out, "\n      "...), none[1:]...), nil
}

// fields are the members of the object, those that stand there always and others.
func (f *AttestedFinding) fields() [6]struct {
	name, value string
	always      bool
} {
	return [...]struct {
		name, value string
		always      bool
	}{
		{"rule", f.Rule, true},
		{"severity", f.Severity, true},
		{"sha256", f.SHA256, false},
		{"message", f.Message, true},
		{"fingerprint", f.Fingerprint, true},
		{"accepted", f.Accepted, false},
	}
}

// size is about how many bytes append writes.
func (f *AttestedFinding) size() int {
	n := 20
	for _, x := range f.fields() {
		n += len("          \"\": \"\",\n") + len(x.name) + len(x.value)
	}
	return n
}

func (f *AttestedFinding) append(b []byte) []byte {
	b = append(b, "        {"...)
	separator := "\n"
	for _, x := range f.fields() {
		if x.value == "" && !x.always {
			continue
		}
		b = append(append(b, separator...), "          \""...)
		b = append(append(b, x.name...), "\": "...)
		b = appendText(b, x.value)
		separator = ",\n"
	}
	return append(b, "\n        }"...)
}

// appendText appends a string as JSON.
func appendText(b []byte, s string) []byte {
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) < 0 {
		return append(append(append(b, '"'), s...), '"')
	}
	var quoted bytes.Buffer
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return append(b, bytes.TrimSuffix(quoted.Bytes(), []byte("\n"))...)
}
