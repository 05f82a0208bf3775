package escape

import (
	"strings"
	"unicode/utf8"
)

var markup = strings.NewReplacer("<", "&lt;", ">", "&gt;", "&", "&amp;", `"`, "&#34;", "'", "&#39;")

// Markup returns s as text of HTML and of SVG, of one line and of at most most
// bytes before it is escaped for them, for elements and for attributes in
// quotes.
func Markup(s string, most int) string { return markup.Replace(Cut(Line(s), most)) }

// Cut shortens s to most bytes, at a character's border, and shows that it did.
func Cut(s string, most int) string {
	const more = "..."
	if len(s) <= most {
		return s
	}
	end := most - len(more)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + more
}
