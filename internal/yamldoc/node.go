package yamldoc

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Node is one value of a document. The zero Node, and that of an empty
// document, is null.
type Node struct {
	doc  *Document
	node ast.Node
}

// Entry is one key of a mapping with its value.
type Entry struct {
	Key   string
	Name  Node // the key's own node, for errors about it
	Value Node
}

// Fail makes an error at the beginning of the node.
func (n Node) Fail(format string, args ...any) *Error {
	return n.fail(fmt.Sprintf(format, args...))
}

func (n Node) fail(message string) *Error {
	if n.doc == nil {
		return &Error{Message: message}
	}
	p := n.position()
	if p == nil {
		return n.doc.whole("%s", message)
	}
	return n.doc.at(p.Line, p.Column, message)
}

// position is where the node begins, nil where that is not known.
func (n Node) position() *token.Position {
	at := n.node
	// The parser counts a block mapping from its first colon.
	switch m := at.(type) {
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			at = m.Values[0].Key
		}
	case *ast.MappingValueNode:
		at = m.Key
	}
	if at == nil || at.GetToken() == nil {
		return nil
	}
	return at.GetToken().Position
}

// Line returns the line at which the node begins, from 1; 0 where it is not
// known.
func (n Node) Line() int {
	if p := n.position(); p != nil {
		return p.Line
	}
	return 0
}

// FailIn makes an error at a place inside a string: its line from 1 and its
// column from 0, both within the value. Where the string is folded or escaped,
// so that its places are not those of the file, the error is at its beginning.
func (n Node) FailIn(line, column int, format string, args ...any) *Error {
	message := fmt.Sprintf(format, args...)
	p := n.position()
	if p == nil || line < 1 || column < 0 {
		return n.fail(message)
	}
	switch s := n.node.(type) {
	case *ast.LiteralNode:
		if s.Start == nil || !strings.HasPrefix(s.Start.Value, "|") || s.Value == nil {
			break
		}
		at := s.Start.Position.Line + line
		return n.doc.at(at, n.doc.indent(s.Start.Position.Line+1, s.Value.Value)+column+1, message)
	case *ast.StringNode:
		origin := strings.TrimSpace(s.Token.Origin)
		switch {
		case line > 1 || strings.ContainsAny(origin, "\r\n"):
		case s.Token.Type == token.StringType:
			return n.doc.at(p.Line, p.Column+column, message)
		case len(origin) == len(s.Value)+2: // quoted, and nothing escaped
			return n.doc.at(p.Line, p.Column+1+column, message)
		}
	}
	return n.fail(message)
}

// indent tells by how much a literal block is indented: the spaces that its
// first line with words has in the file and not in the value.
func (d *Document) indent(line int, value string) int {
	lines := strings.Split(d.source, "\n")
	for i, text := range strings.Split(value, "\n") {
		if strings.TrimSpace(text) == "" {
			continue
		}
		if k := line - 1 + i; k < len(lines) {
			return max(0, len(strings.TrimRight(lines[k], "\r"))-len(strings.TrimRight(text, "\r")))
		}
		break
	}
	return 0
}

// IsNull reports whether the value is null or left out.
func (n Node) IsNull() bool { return isNull(n.node) }

func isNull(n ast.Node) bool {
	_, ok := n.(*ast.NullNode)
	return ok || n == nil
}

// IsString reports whether the value is a plain or quoted string. To ask costs less
// than to try: the error of Text holds the line, which is looked for from the top.
func (n Node) IsString() bool {
	_, ok := n.node.(*ast.StringNode)
	return ok
}

// IsTruth reports whether the value is true or false.
func (n Node) IsTruth() bool {
	_, ok := n.node.(*ast.BoolNode)
	return ok
}

// what names the node's type for messages.
func (n Node) what() string {
	switch n.node.(type) {
	case nil, *ast.NullNode:
		return "empty"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.StringNode, *ast.LiteralNode:
		return "a string"
	case *ast.IntegerNode:
		return "a whole number"
	case *ast.BoolNode:
		return "true or false"
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a fraction"
	}
	return "something else"
}

// Mapping returns a mapping's entries in the order of the file. of names it in
// errors.
func (n Node) Mapping(of string) ([]Entry, error) {
	var values []*ast.MappingValueNode
	switch m := n.node.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		return nil, n.Fail("%s is %s, it must be a mapping", of, n.what())
	}
	out := make([]Entry, 0, len(values))
	for _, v := range values {
		k, ok := v.Key.(ast.Node)
		if !ok {
			return nil, Node{n.doc, v}.Fail("%s has a key that is no word", of)
		}
		name := Node{n.doc, k}
		s, err := name.Text("a key of " + of)
		if err != nil {
			return nil, err
		}
		out = append(out, Entry{Key: s, Name: name, Value: Node{n.doc, v.Value}})
	}
	return out, nil
}

// List returns a list's elements, at most limit.
func (n Node) List(of string, limit int) ([]Node, error) {
	s, ok := n.node.(*ast.SequenceNode)
	if !ok {
		return nil, n.Fail("%s is %s, it must be a list", of, n.what())
	}
	if len(s.Values) > limit {
		return nil, n.Fail("%s has %d entries, %d are the limit", of, len(s.Values), limit)
	}
	out := make([]Node, len(s.Values))
	for i, v := range s.Values {
		out[i] = Node{n.doc, v}
	}
	return out, nil
}

// Text returns a string.
func (n Node) Text(of string) (string, error) {
	switch s := n.node.(type) {
	case *ast.StringNode:
		return s.Value, nil
	case *ast.LiteralNode:
		return s.Value.Value, nil
	}
	if s, ok := colonWord(n.node); ok {
		return s, nil
	}
	return "", n.Fail("%s is %s, it must be a string", of, n.what())
}

// Truth returns true or false.
func (n Node) Truth(of string) (bool, error) {
	if b, ok := n.node.(*ast.BoolNode); ok {
		return b.Value, nil
	}
	return false, n.Fail("%s is %s, it must be true or false", of, n.what())
}

// Word returns a string. A plain word that YAML takes for a number or a truth value
// is taken as it is written: functions are named so too.
func (n Node) Word(of string) (string, error) {
	switch n.node.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.node.GetToken().Value, nil
	}
	return n.Text(of)
}

// Number returns a whole number from 0 to limit.
func (n Node) Number(of string, limit uint64) (uint64, error) {
	i, ok := n.node.(*ast.IntegerNode)
	if !ok {
		return 0, n.Fail("%s is %s, it must be a whole number", of, n.what())
	}
	var v uint64
	switch x := i.Value.(type) {
	case uint64:
		v = x
	case int64:
		if x < 0 {
			return 0, n.Fail("%s is %d, it must not be negative", of, x)
		}
		v = uint64(x)
	default:
		var err error
		if v, err = strconv.ParseUint(i.GetToken().Value, 0, 64); err != nil {
			return 0, n.Fail("%s is no number from 0 to %d", of, limit)
		}
	}
	if v > limit {
		return 0, n.Fail("%s is %d, the largest is %d", of, v, limit)
	}
	return v, nil
}

// colonWord returns the plain word that the parser takes for a mapping of one pair: in a
// list within {} it ends a key at any colon, YAML 1.2 only where a space follows
// (7.3.3). What has a space, a quote or braces is no such word.
func colonWord(n ast.Node) (string, bool) {
	m, ok := n.(*ast.MappingNode)
	if !ok || m.IsFlowStyle || len(m.Values) != 1 {
		return "", false
	}
	pair := m.Values[0]
	switch pair.Value.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
	default:
		return "", false
	}
	key, colon, value := pair.Key.GetToken(), pair.Start, pair.Value.GetToken()
	if key == nil || colon == nil || value == nil || key.Indicator == token.QuotedScalarIndicator || value.Indicator == token.QuotedScalarIndicator {
		return "", false
	}
	at := *key.Position
	for _, next := range []struct {
		width int
		t     *token.Token
	}{{utf8.RuneCountInString(key.Value), colon}, {1, value}} {
		if at.Column += next.width; next.t.Position.Line != at.Line || next.t.Position.Column != at.Column {
			return "", false
		}
	}
	return key.Value + ":" + value.Value, true
}
