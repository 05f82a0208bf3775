package jsonform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"reflect"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/report/escape"
)

// Write writes a form, one of the structs of this package or a pointer to one,
// and a line break. Its Lists are written element by element.
func Write(w io.Writer, form any) error {
	e := newEncoder(w)
	e.value(reflect.ValueOf(form))
	return e.end()
}

// Growing is a form of which one List is not known beforehand: it is written
// while it grows.
type Growing struct {
	e       *encoder
	form    reflect.Value
	members []member // of the form
	list    int      // the growing one
	size    int      // elements so far
}

// Begin writes a form up to its first List. form points to the struct: the
// members after that List are read by End.
func Begin(w io.Writer, form any) *Growing {
	g := &Growing{e: newEncoder(w), form: reflect.ValueOf(form).Elem()}
	g.members = g.e.membersOf(g.form.Type())
	for !isStreamed(g.form.Type().Field(g.list).Type) {
		g.list++
	}
	g.e.text("{")
	g.e.members(g.form, g.members[:g.list])
	if g.list > 0 {
		g.e.text(",")
	}
	g.e.text(g.members[g.list].key + "[")
	return g
}

// Add writes a pointer to the next element, on a line of its own. The error is
// the first one of the writer.
func (g *Growing) Add(element any) error {
	g.e.element(g.size, "\n", reflect.ValueOf(element))
	g.size++
	return g.e.err
}

// End writes the rest of the form.
func (g *Growing) End() error {
	g.e.text("\n]")
	if rest := g.members[g.list+1:]; len(rest) > 0 {
		g.e.text(",")
		g.e.members(g.form, rest)
	}
	g.e.text("}")
	return g.e.end()
}

// encoder writes the objects that hold a List itself and leaves every other
// value to encoding/json.
type encoder struct {
	w    io.Writer
	b    []byte        // gathered output
	one  bytes.Buffer  // the value at hand, as encoding/json writes it
	json *json.Encoder // writes to one
	err  error         // the first one; later output is dropped

	objects map[reflect.Type][]member // what membersOf has answered
}

// flushAt is the number of bytes that are gathered before they are written.
const flushAt = 32 << 10

func newEncoder(w io.Writer) *encoder {
	e := &encoder{w: w, b: make([]byte, 0, flushAt+8<<10), objects: make(map[reflect.Type][]member)}
	e.json = json.NewEncoder(&e.one)
	e.json.SetEscapeHTML(false)
	return e
}

func (e *encoder) text(s string) { e.b = append(e.b, s...) }

func (e *encoder) flush() {
	if e.err == nil {
		_, e.err = e.w.Write(e.b)
	}
	e.b = e.b[:0]
}

func (e *encoder) end() error {
	e.text("\n")
	e.flush()
	return e.err
}

func (e *encoder) value(v reflect.Value) {
	object := v
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		object = v.Elem()
	}
	if l, ok := v.Interface().(streamed); ok {
		e.list(l)
	} else if list := e.membersOf(object.Type()); list != nil {
		e.text("{")
		e.members(object, list)
		e.text("}")
	} else {
		e.one.Reset()
		if err := e.json.Encode(v.Interface()); err != nil && e.err == nil {
			e.err = fmt.Errorf("JSON: %w", err) // a type that JSON has no form for
		}
		e.b = escape.AppendJSON(e.b, bytes.TrimSuffix(e.one.Bytes(), []byte("\n")))
	}
}

func (e *encoder) list(l streamed) {
	e.text("[")
	n := 0
	l.each(func(element any) bool {
		e.element(n, l.separator(), reflect.ValueOf(element))
		n++
		return e.err == nil
	})
	e.text("]")
}

func (e *encoder) element(n int, separator string, v reflect.Value) {
	if n > 0 {
		e.text(",")
	}
	e.text(separator)
	e.value(v)
	if len(e.b) >= flushAt {
		e.flush()
	}
}

func (e *encoder) members(v reflect.Value, list []member) {
	comma := ""
	for _, m := range list {
		field := v.Field(m.index)
		if m.optional && field.IsZero() {
			continue
		}
		e.text(comma + m.key)
		e.value(field)
		comma = ","
	}
}

// member is one member of an object that holds a List.
type member struct {
	index    int    // of the field
	key      string // quoted, with the colon
	optional bool   // left out when it is zero
}

// membersOf lists the members of a struct that holds a List, at any depth of
// structs; nil for any other type.
func (e *encoder) membersOf(t reflect.Type) []member {
	list, ok := e.objects[t]
	if !ok {
		if holdsList(t) {
			for f := range fields(t) {
				name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
				list = append(list, member{index: f.Index[0], key: `"` + name + `":`, optional: options != ""})
			}
		}
		e.objects[t] = list
	}
	return list
}

func holdsList(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return false
	}
	for f := range fields(t) {
		if isStreamed(f.Type) || holdsList(f.Type) {
			return true
		}
	}
	return false
}

func fields(t reflect.Type) iter.Seq[reflect.StructField] {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

func isStreamed(t reflect.Type) bool { return t.Implements(reflect.TypeFor[streamed]()) }
