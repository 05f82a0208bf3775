package yamldoc

import (
	"fmt"

	"github.com/goccy/go-yaml/token"
)

// The bounds of a document. They are far above what a person writes, and low
// enough that a hostile file costs little.
const (
	MaxSize  = 1 << 20 // bytes of the file
	maxDepth = 16      // of nesting
	maxKeys  = 2000    // in one mapping; the parser compares each with each
)

// Limits are the bounds that depend on what the document is about.
type Limits struct {
	Words int // of the whole document, punctuation included
	Value int // bytes of one value
}

// checkTokens refuses what no such file needs and what would make the parser slow:
// anchors and aliases (which multiply), tags, explicit keys, deep nesting,
// very large mappings.
func (d *Document) checkTokens(tokens token.Tokens) error {
	if len(tokens) > d.limits.Words {
		return d.whole("more than %d words", d.limits.Words)
	}
	var blocks []block
	var flow []bool // the brackets that are open: whether of a list
	dashes, line := 0, 0
	for _, t := range tokens {
		p := t.Position
		if p.Line != line {
			line, dashes = p.Line, 0
		}
		refuse := func(what string) error { return d.at(p.Line, p.Column, what) }
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			return refuse("anchors and aliases are not read")
		case token.TagType, token.DirectiveType:
			return refuse("tags and directives are not read")
		case token.MappingKeyType:
			return refuse("explicit keys (\"? \") are not read")
		case token.MappingStartType, token.SequenceStartType:
			if flow = append(flow, t.Type == token.SequenceStartType); len(flow) > maxDepth {
				return refuse(fmt.Sprintf("nested deeper than %d", maxDepth))
			}
		case token.MappingEndType, token.SequenceEndType:
			flow = flow[:max(0, len(flow)-1)]
		case token.SequenceEntryType:
			if dashes++; dashes > 2 {
				return refuse("lists directly in lists are not read")
			}
		case token.MappingValueType:
			if n := len(flow); n > 0 && flow[n-1] { // an entry of a list: it has one key
				break
			}
			if keys := count(&blocks, t, len(flow)); keys > maxKeys {
				return refuse(fmt.Sprintf("more than %d keys in one mapping", maxKeys))
			}
			if len(blocks) > 4*maxDepth {
				return refuse(fmt.Sprintf("nested deeper than %d", 4*maxDepth))
			}
		}
		if len(t.Value) > d.limits.Value && t.Type != token.CommentType {
			return refuse(fmt.Sprintf("a value of more than %d bytes", d.limits.Value))
		}
	}
	return nil
}

// block counts the keys of the mapping that is being read at one column, or
// for flow style at one depth.
type block struct{ column, flow, keys int }

// count notes one key at the ':' and returns how many its mapping has so far;
// a new mapping at the same place is not told from the same one going on,
// except behind a "-", which starts a new one.
func count(blocks *[]block, colon *token.Token, flow int) int {
	key := colon.Prev
	column, first := 0, false
	if key != nil {
		column = key.Position.Column
		first = key.Prev != nil && (key.Prev.Type == token.SequenceEntryType || key.Prev.Type == token.MappingStartType)
	}
	if flow > 0 {
		column = 0
	}
	b := *blocks
	for len(b) > 0 && (b[len(b)-1].flow > flow || flow == 0 && b[len(b)-1].column > column) {
		b = b[:len(b)-1]
	}
	if n := len(b); n == 0 || b[n-1].flow != flow || b[n-1].column != column {
		b = append(b, block{column: column, flow: flow})
	}
	top := &b[len(b)-1]
	if first {
		top.keys = 0
	}
	top.keys++
	*blocks = b
	return top.keys
}
