package yamldoc

import (
	"errors"
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"second document", "a: 1\n---\nb: 2\n", "f:2:1: a second document"},
		{"anchor", "a: &x 1\n", "anchors and aliases"},
		{"alias bomb", "a: &a [x]\nb: [*a, *a]\n", "anchors and aliases"},
		{"tag", "a: !!str 1\n", "tags and directives"},
		{"duplicate key", "a: 1\na: 2\n", "f:2:1: "},
		{"unclosed", "a: [1, 2\n", "f:1:"},
		{"not UTF-8", "a: \xff\n", "f: the file is not UTF-8"},
		{"deep", strings.Repeat("[", 100), "nested deeper"},
		{"large", strings.Repeat("#", MaxSize+1), "f: the file has 1048577 bytes"},
		{"long value", "a: " + strings.Repeat("x", 20000) + "\n", "a value of more than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("f", []byte(test.in), limits)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

var limits = Limits{Words: 200_000, Value: 16 << 10}

func TestEmptyIsNull(t *testing.T) {
	for _, in := range []string{"", "# nothing\n", "---\n", "null\n"} {
		d, err := Parse("f", []byte(in), limits)
		if err != nil {
			t.Errorf("%q: %v", in, err)
		} else if !d.Root().IsNull() {
			t.Errorf("%q is not null", in)
		}
	}
}

func TestTypesAreStrict(t *testing.T) {
	d, err := Parse("f", []byte("word: x\nnumber: 7\ntruth: true\nlist: [a]\nmap: {k: v}\ndate: 2026-12-01\n"), limits)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := d.Root().Mapping("it")
	if err != nil {
		t.Fatal(err)
	}
	texts := 0
	for _, e := range entries {
		if _, err := e.Value.Text(e.Key); err == nil {
			texts++
		} else if !strings.Contains(err.Error(), "it must be a string") {
			t.Errorf("%s: %v", e.Key, err)
		}
	}
	if texts != 2 {
		t.Errorf("%d strings, want word and date", texts)
	}
	if _, err := d.Root().List("it", 5); err == nil {
		t.Error("a mapping was taken for a list")
	}
	if _, err := entries[3].Value.List("it", 0); err == nil {
		t.Error("the limit was passed over")
	}
}

// Functions are named like numbers now and then, and a word with a colon is one
// word within braces too (YAML 1.2, 7.3.3).
func TestWords(t *testing.T) {
	entries, err := root(t, "{list: [f, 7, 1.50, true, vmlinux:f, ext4:g.isra.0, 0x1f], key: vmlinux:f}\n").Mapping("it")
	if err != nil {
		t.Fatal(err)
	}
	list, err := entries[0].Value.List("it", 10)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"f", "7", "1.50", "true", "vmlinux:f", "ext4:g.isra.0", "0x1f"} {
		if got, err := list[i].Word("it"); err != nil || got != want {
			t.Errorf("word %q, %v; want %q", got, err, want)
		}
	}
	if _, err := list[1].Text("it"); err == nil {
		t.Error("a number was taken for a string")
	}
}

func TestNumbers(t *testing.T) {
	for in, want := range map[string]uint64{"0": 0, "42": 42, "0x1f": 31, "18446744073709551615": 1<<64 - 1} {
		if got, err := root(t, in).Number("it", 1<<64-1); err != nil || got != want {
			t.Errorf("%s: %d, %v", in, got, err)
		}
	}
	for in, want := range map[string]string{
		"-1": "must not be negative", "43": "the largest is 42", "18446744073709551616": "", "1.5": "whole number", "'7'": "whole number", "[]": "a list",
	} {
		if got, err := root(t, in).Number("it", 42); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %d, %v; want an error with %q", in, got, err, want)
		}
	}
}

func root(t *testing.T, in string) Node {
	t.Helper()
	d, err := Parse("f", []byte(in), limits)
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

// An error inside a string is shown where it stands in the file.
func TestFailIn(t *testing.T) {
	const source = `a: module.nme
b: "module.nme"
c: |
  x &&
    module.nme
d: >
  folded
  text
e: "a\tb"
`
	d, err := Parse("f", []byte(source), limits)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := d.Root().Mapping("it")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ line, column, atLine, atColumn int }{
		{1, 6, 1, 10},
		{1, 6, 2, 11},
		{2, 8, 5, 11},
		{1, 3, 6, 4},
		{1, 2, 9, 4},
	} {
		e := entries[i].Value.FailIn(want.line, want.column, "here")
		if e.Line != want.atLine || e.Column != want.atColumn {
			t.Errorf("%s: at %d:%d, want %d:%d\n%s", entries[i].Key, e.Line, e.Column, want.atLine, want.atColumn, e.Excerpt)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "a: [1, {b: c}]\n", "a: |\n  x\n", "? a\n: b\n", "a: 'x\n", "- - a\n", "---\na: 1\n...\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse("f", data, limits)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error of type %T", err)
			}
			return
		}
		walk(d.Root(), 0)
	})
}

func walk(n Node, depth int) {
	_ = n.FailIn(2, 3, "x").Error()
	if depth > 100 {
		return
	}
	entries, _ := n.Mapping("it")
	for _, e := range entries {
		walk(e.Value, depth+1)
	}
	list, _ := n.List("it", 1000)
	for _, v := range list {
		walk(v, depth+1)
	}
	_, _ = n.Text("it")
	_, _ = n.Word("it")
	_, _ = n.Truth("it")
	_, _ = n.Number("it", 1<<64-1)
}
