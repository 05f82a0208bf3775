package main

import (
	"os"
	"runtime/debug"
)

// gcPercent is GOGC. Two workers over 10,000 modules peak at 66 MiB with Go's
// default of 100, and at 57 MiB with this; the difference in CPU is below what
// can be measured.
const gcPercent = 50

// tuneGC sets the collector's pace. Whoever sets GOGC knows better.
func tuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
