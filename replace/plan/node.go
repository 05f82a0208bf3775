package plan

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// reader reads typed values out of a parsed document. It decides itself what
// each node may be, since a decoder would take "1.5" for 1 and "'7'" for 7,
// and cannot tell a null from a key that is not there.
type reader struct{ source string }

// fail makes an error at the beginning of a node.
func (r *reader) fail(n ast.Node, format string, args ...any) error {
	// The parser counts a block mapping from its first colon.
	switch m := n.(type) {
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			n = m.Values[0].Key
		}
	case *ast.MappingValueNode:
		n = m.Key
	}
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return &Error{Message: fmt.Sprintf(format, args...)}
	}
	p := n.GetToken().Position
	return at(r.source, p.Line, p.Column, fmt.Sprintf(format, args...))
}

// what names a node's type for messages.
func what(n ast.Node) string {
	switch n.(type) {
	case nil, *ast.NullNode:
		return "null"
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

func isNull(n ast.Node) bool {
	_, ok := n.(*ast.NullNode)
	return ok || n == nil
}

// entry is one key of a mapping with its value.
type entry struct {
	key   string
	node  ast.Node // the key's own node, for messages about it
	value ast.Node
}

// mapping returns a mapping's entries in the order of the file.
func (r *reader) mapping(n ast.Node, of string) ([]entry, error) {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		return nil, r.fail(n, "%s is %s, it must be a mapping", of, what(n))
	}
	out := make([]entry, 0, len(values))
	for _, v := range values {
		k, ok := v.Key.(ast.Node)
		if !ok {
			return nil, r.fail(v, "%s has a key that is no word", of)
		}
		s, err := r.text(k, "a key of "+of)
		if err != nil {
			return nil, err
		}
		out = append(out, entry{key: s, node: k, value: v.Value})
	}
	return out, nil
}

// list returns a list's elements.
func (r *reader) list(n ast.Node, of string, limit int) ([]ast.Node, error) {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		return nil, r.fail(n, "%s is %s, it must be a list", of, what(n))
	}
	if len(s.Values) > limit {
		return nil, r.fail(n, "%s has %d entries, %d are the limit", of, len(s.Values), limit)
	}
	return s.Values, nil
}

// text returns a string. A plain word that YAML takes for a number or a truth
// value is taken as it is written: functions are named so too.
func (r *reader) text(n ast.Node, of string) (string, error) {
	switch s := n.(type) {
	case *ast.StringNode:
		return s.Value, nil
	case *ast.LiteralNode:
		return s.Value.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, nil
	}
	return "", r.fail(n, "%s is %s, it must be a string", of, what(n))
}

// textList returns a list of strings.
func (r *reader) textList(n ast.Node, of string, limit int) ([]string, []ast.Node, error) {
	nodes, err := r.list(n, of, limit)
	if err != nil {
		return nil, nil, err
	}
	out := make([]string, len(nodes))
	for i, v := range nodes {
		if s, ok := colonWord(v); ok {
			out[i] = s
		} else if out[i], err = r.text(v, "an entry of "+of); err != nil {
			return nil, nil, err
		}
	}
	return out, nodes, nil
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

func (r *reader) truth(n ast.Node, of string) (bool, error) {
	if b, ok := n.(*ast.BoolNode); ok {
		return b.Value, nil
	}
	return false, r.fail(n, "%s is %s, it must be true or false", of, what(n))
}

// number returns a whole number from 0 to limit.
func (r *reader) number(n ast.Node, of string, limit uint64) (uint64, error) {
	i, ok := n.(*ast.IntegerNode)
	if !ok {
		return 0, r.fail(n, "%s is %s, it must be a whole number", of, what(n))
	}
	var v uint64
	switch x := i.Value.(type) {
	case uint64:
		v = x
	case int64:
		if x < 0 {
			return 0, r.fail(n, "%s is %d, it must not be negative", of, x)
		}
		v = uint64(x)
	default:
		var err error
		if v, err = strconv.ParseUint(i.GetToken().Value, 0, 64); err != nil {
			return 0, r.fail(n, "%s is no number from 0 to %d", of, limit)
		}
	}
	if v > limit {
		return 0, r.fail(n, "%s is %d, the largest is %d", of, v, limit)
	}
	return v, nil
}

func (r *reader) sets(n ast.Node, of string) ([]uint32, error) {
	nodes, err := r.list(n, of, MaxSets)
	if err != nil {
		return nil, err
	}
	out := make([]uint32, len(nodes))
	for i, v := range nodes {
		x, err := r.number(v, "an entry of "+of, math.MaxUint32)
		if err != nil {
			return nil, err
		}
		out[i] = uint32(x)
	}
	return out, nil
}
