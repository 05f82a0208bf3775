package main

import (
	"math"
	"testing"
)

func TestPercentFor(t *testing.T) {
	for live, want := range map[uint64]int{
		0: lazyPercent, 1 << 20: lazyPercent, 4 << 20: lazyPercent, 10 << 20: 140, 12 << 20: 100, 19 << 20: 35, 23 << 20: 35,
		heapGoal: 35, 2*heapGoal - 1: 35, 2 * heapGoal: 100, 1 << 40: 100,
	} {
		if got := percentFor(live); got != want {
			t.Errorf("percentFor(%d MiB) = %d, want %d", live>>20, got, want)
		}
	}
}

func TestLimitFor(t *testing.T) {
	for live, want := range map[uint64]int64{
		0: memoryLimit, heapGoal - 1: memoryLimit, heapGoal: math.MaxInt64, 1 << 40: math.MaxInt64,
	} {
		if got := limitFor(live); got != want {
			t.Errorf("limitFor(%d MiB) = %d, want %d", live>>20, got, want)
		}
	}
}
