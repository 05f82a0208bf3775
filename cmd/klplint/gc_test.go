package main

import "testing"

func TestPercentFor(t *testing.T) {
	for live, want := range map[uint64]int{
		0: 400, 1 << 20: 400, 8 << 20: 400, 11 << 20: 300, 20 << 20: 120, 22 << 20: 100, 40 << 20: 100, heapGoal: 100, 1 << 40: 100,
	} {
		if got := percentFor(live); got != want {
			t.Errorf("percentFor(%d MiB) = %d, want %d", live>>20, got, want)
		}
	}
}
