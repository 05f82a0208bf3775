package main

import "testing"

func TestPercentFor(t *testing.T) {
	for live, want := range map[uint64]int{
		0: 400, 1 << 20: 400, 6 << 20: 400, 10 << 20: 200, 15 << 20: 100, 20 << 20: 50, 29 << 20: 50,
		heapGoal: 50, 2*heapGoal - 1: 50, 2 * heapGoal: 100, 1 << 40: 100,
	} {
		if got := percentFor(live); got != want {
			t.Errorf("percentFor(%d MiB) = %d, want %d", live>>20, got, want)
		}
	}
}
