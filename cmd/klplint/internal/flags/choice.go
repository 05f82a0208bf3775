package flags

import (
	"fmt"
	"slices"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/suggest"
)

// Choice is a flag with a fixed list of values.
type Choice struct {
	Value   string // "" or the default until it is set
	Allowed []string
}

// Set reads the flag's value.
func (c *Choice) Set(s string) error {
	if !slices.Contains(c.Allowed, s) {
		return Wanted(s, c.Allowed)
	}
	c.Value = s
	return nil
}

// String returns the value.
func (c *Choice) String() string { return c.Value }

// Type is what the usage shows for the value: the words that it may be.
func (c *Choice) Type() string { return strings.Join(c.Allowed, "|") }

// Wanted is the error for a word outside a list of at least two.
func Wanted(word string, allowed []string) error {
	last := len(allowed) - 1
	return fmt.Errorf("want %s or %s%s", strings.Join(allowed[:last], ", "), allowed[last], suggest.DidYouMean(word, allowed))
}
