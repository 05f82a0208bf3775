// Package yamldoc reads one YAML document strictly: what a person wrote is
// what is taken. Values are read by their type in the file, since a decoder
// would take "1.5" for 1 and '7' for 7; anchors, tags, second documents,
// repeated keys and whatever is out of bounds are errors; and every error has
// its line and column, with the line itself below it.
//
// It knows nothing of what the document is about.
package yamldoc

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
)

// Document is a document that was read.
type Document struct {
	name   string
	source string
	limits Limits
	root   ast.Node
}

// Parse reads the document; name stands in its errors, which are of type
// *Error. Root is then a zero Node where the document is empty.
func Parse(name string, data []byte, l Limits) (d *Document, err error) {
	d = &Document{name: name, limits: l}
	if len(data) > MaxSize {
		return nil, d.whole("the file has %d bytes, the limit is %d", len(data), MaxSize)
	}
	if !utf8.Valid(data) {
		return nil, d.whole("the file is not UTF-8")
	}
	d.source = strings.TrimPrefix(string(data), "\ufeff")
	defer func() {
		// The parser is not hardened against hostile files.
		if v := recover(); v != nil {
			d, err = nil, d.whole("the YAML parser broke off: %v", v)
		}
	}()
	tokens := lexer.Tokenize(d.source)
	if err := d.checkTokens(tokens); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, d.syntax(err)
	}
	for i, doc := range file.Docs {
		if i > 0 && (d.root != nil || !isNull(doc.Body)) {
			return nil, d.second(doc)
		}
		if !isNull(doc.Body) {
			d.root = doc.Body
		}
	}
	return d, nil
}

// second refuses a second document, at its "---" where the parser tells it.
func (d *Document) second(doc *ast.DocumentNode) *Error {
	const message = "a second document: the file is one"
	if doc.Start != nil && doc.Start.Position != nil {
		return d.at(doc.Start.Position.Line, doc.Start.Position.Column, message)
	}
	if !isNull(doc.Body) {
		return Node{d, doc.Body}.fail(message)
	}
	return d.whole(message)
}

// Root returns the document's value.
func (d *Document) Root() Node { return Node{d, d.root} }

// Name returns the name given to Parse.
func (d *Document) Name() string { return d.name }

// whole makes an error about the file as a whole.
func (d *Document) whole(format string, args ...any) *Error {
	return &Error{File: d.name, Message: fmt.Sprintf(format, args...)}
}
