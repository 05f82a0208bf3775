package main

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
)

// The heap of a run is small and its garbage short-lived: collecting it a few
// times less often than by default saves a tenth of the CPU. What is kept of
// each module grows with their number: towards heapGoal the collector runs more
// often, so that ten thousand modules stay below 64 MiB in all. Far beyond it
// there is no goal left to keep, and the default holds.
const (
	lazyPercent    = 300
	busyPercent    = 35
	defaultPercent = 100
	heapGoal       = 24 << 20 // bytes
)

// memoryLimit, in bytes, holds while the live heap is below heapGoal: two workers
// that allocate while a collection is slow to get its CPU would overshoot. The
// program's own image, 14 MiB of it resident, does not count.
const memoryLimit = 46 << 20

// tuneGC sets the collector's pace and adapts it after each collection. Whoever
// sets GOGC or GOMEMLIMIT knows better.
func tuneGC() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(lazyPercent)
	afterGC(lazyPercent, math.MaxInt64)
}

// afterGC runs once after the next collection, which percent has set off, and
// then arms itself again. Package runtime/metrics would tell the live bytes, but
// takes its share of every start.
func afterGC(percent int, limit int64) {
	type sentinel struct{ _ *byte } // a pointer keeps it out of the tiny allocator
	runtime.AddCleanup(new(sentinel), func(struct{}) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		live := m.NextGC * 100 / uint64(100+percent)
		percent = percentFor(live)
		debug.SetGCPercent(percent)
		if l := limitFor(live); l != limit {
			limit = l
			debug.SetMemoryLimit(limit)
		}
		afterGC(percent, limit)
	}, struct{}{})
}

// percentFor returns GOGC for a heap with that many live bytes: as lazy as
// heapGoal allows.
func percentFor(live uint64) int {
	switch {
	case live == 0:
		return lazyPercent
	case live >= 2*heapGoal:
		return defaultPercent
	case live >= heapGoal:
		return busyPercent
	}
	return int(min(lazyPercent, max(busyPercent, (heapGoal-live)*100/live)))
}

// limitFor returns GOMEMLIMIT for a heap with that many live bytes: none where the
// goal is out of reach, and collecting without end would not change that.
func limitFor(live uint64) int64 {
	if live >= heapGoal {
		return math.MaxInt64
	}
	return memoryLimit
}
