package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The heap of a run is small and its garbage short-lived: collecting it five
// times less often than by default saves a tenth of the CPU. What is kept of
// each module grows with their number, so from heapGoal on the collector
// returns to its default, step by step.
const (
	lazyPercent    = 400
	defaultPercent = 100
	heapGoal       = 44 << 20 // bytes
)

// tuneGC sets the collector's pace and adapts it after each collection. Whoever
// sets GOGC or GOMEMLIMIT knows better.
func tuneGC() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(lazyPercent)
	afterGC()
}

// afterGC runs once after the next collection, and then arms itself again.
func afterGC() {
	type sentinel struct{ _ *byte } // a pointer keeps it out of the tiny allocator
	runtime.AddCleanup(new(sentinel), func(struct{}) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		debug.SetGCPercent(percentFor(live[0].Value.Uint64()))
		afterGC()
	}, struct{}{})
}

// percentFor returns GOGC for a heap with that many live bytes: as lazy as
// heapGoal allows.
func percentFor(live uint64) int {
	if live == 0 {
		return lazyPercent
	}
	if live >= heapGoal {
		return defaultPercent
	}
	return int(min(lazyPercent, max(defaultPercent, (heapGoal-live)*100/live)))
}
