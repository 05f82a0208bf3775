package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// gcPercent is lint's GOGC. Two workers over 10,000 modules peak at 76 MiB with it, and
// at 89 MiB with Go's default of 100; the difference in CPU is below what can be
// measured. A gate would spend a tenth of its time on collections that free next to nothing.
const gcPercent = 50

// tuneGC sets the collector's pace. Whoever sets GOGC knows better.
func tuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// tightGC makes the collector run after every ten MiB or so, which costs a gate beside
// 45,000 modules a tenth of its CPU time and saves 60 MiB of its peak. Whoever sets
// GOGC knows better. It is for commands that say that they change much.
func tightGC() {
	if os.Getenv("GOGC") == "" {
		pace()
	}
}

// pace sets the percentage for what lives now, and does so again after each collection.
func pace() {
	const step, least = 6 << 20, 8 // where more lives than 80 MiB, percents count
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	percent := gcPercent
	if n := live[0].Value.Uint64(); n > step {
		percent = max(least, min(gcPercent, int(100*step/n)))
	}
	debug.SetGCPercent(percent)
	runtime.AddCleanup(new(cycle), func(struct{}) { pace() }, struct{}{})
}

// cycle is garbage, for the next collection to find. It holds a pointer, for tiny values
// without any share their memory, and live as long as one of them.
type cycle struct{ _ *cycle }
