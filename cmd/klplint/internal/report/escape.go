package report

import "github.com/klplint/klplint/cmd/klplint/internal/report/escape"

// Escape returns s such that it stays on its line and cannot steer a terminal:
// see escape.Line.
func Escape(s string) string { return escape.Line(s) }
