// Package report writes results: one output format a file.
//
// formats.go lists the formats of each form. A formatter takes values and an
// io.Writer; none decides about exit codes, files or flags. What JSON holds is
// in jsonform. Strings that come out of a module are hostile until shown
// otherwise: package escape makes them harmless. Nothing here reads the clock
// or the environment, and equal input gives equal bytes.
package report

// Options say how to write for people.
type Options struct {
	Width    int  // columns that a table may take; 0 or below means 120
	Terminal bool // the output is a terminal
	Color    bool // with ANSI colours
	Quiet    bool // without the summary
	Verbose  bool // the rules that could not judge by ID, not by number
}

// width returns the columns that a table may take.
func (o Options) width() int {
	if o.Width <= 0 {
		return 120
	}
	return o.Width
}
