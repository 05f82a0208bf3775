package report

import "github.com/fatih/color"

// style is how a piece of text is shown where colours are wanted.
type style int8

const (
	plain style = iota
	bold
	dim
	red
	yellow
	green
	cyan
)

// attribute is the ANSI code of the style.
func (s style) attribute() color.Attribute {
	switch s {
	case bold:
		return color.Bold
	case dim:
		return color.Faint
	case red:
		return color.FgRed
	case yellow:
		return color.FgYellow
	case green:
		return color.FgGreen
	case cyan:
		return color.FgCyan
	case plain:
	}
	return color.Reset
}

// paint wraps s, already escaped, in the style's ANSI codes where o wants
// colours.
func (o Options) paint(st style, s string) string {
	if !o.Color || st == plain || s == "" {
		return s
	}
	c := color.New(st.attribute())
	c.EnableColor() // the decision is o.Color's, not the library's
	return c.Sprint(s)
}
