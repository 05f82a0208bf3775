package plan

import (
	"math"

	"github.com/klplint/klplint/internal/yamldoc"
)

// textList returns a list of strings, and the nodes they come from.
func textList(n yamldoc.Node, of string, limit int) ([]string, []yamldoc.Node, error) {
	nodes, err := n.List(of, limit)
	if err != nil {
		return nil, nil, err
	}
	out := make([]string, len(nodes))
	for i, v := range nodes {
		if out[i], err = v.Word("an entry of " + of); err != nil {
			return nil, nil, err
		}
	}
	return out, nodes, nil
}

// sets returns a list of numbers of replace sets.
func sets(n yamldoc.Node, of string) ([]uint32, error) {
	nodes, err := n.List(of, MaxSets)
	if err != nil {
		return nil, err
	}
	out := make([]uint32, len(nodes))
	for i, v := range nodes {
		x, err := v.Number("an entry of "+of, math.MaxUint32)
		if err != nil {
			return nil, err
		}
		out[i] = uint32(x)
	}
	return out, nil
}
