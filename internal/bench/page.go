package bench

import (
	"fmt"
	"strings"
)

// Part is a piece of Markdown that a comparison made, and its place in a page.
type Part struct {
	Name, Title, Text string
}

// Document writes the parts one below the other.
func Document(parts []Part) string {
	var out strings.Builder
	for i, p := range parts {
		if i > 0 {
			out.WriteByte('\n')
		}
		fmt.Fprintf(&out, "## %s\n\n%s", p.Title, p.Text)
	}
	return out.String()
}

// partBegin and partEnd are the lines around a part in a page.
func partBegin(name string) string {
	return fmt.Sprintf("<!-- begin %s: made by `make bench-peers` -->\n", name)
}

func partEnd(name string) string { return fmt.Sprintf("<!-- end %s -->\n", name) }

// Insert puts each part between its marks in a page, in place of what stood there.
// A part without its marks is an error: a figure would be lost without a word.
func Insert(page string, parts []Part) (string, error) {
	for _, p := range parts {
		before, rest, ok := strings.Cut(page, partBegin(p.Name))
		if !ok {
			return "", fmt.Errorf("page has no line %q", partBegin(p.Name))
		}
		_, after, ok := strings.Cut(rest, partEnd(p.Name))
		if !ok {
			return "", fmt.Errorf("page has no line %q", partEnd(p.Name))
		}
		page = before + partBegin(p.Name) + p.Text + partEnd(p.Name) + after
	}
	return page, nil
}
