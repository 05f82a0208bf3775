package kerneltest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// RunSplit is Run on several guests at once, each with every n-th scenario: guests
// mostly wait for transitions to end. The answers come in the suite's order.
func (m *Machine) RunSplit(ctx context.Context, suite *Suite, folder string, guests int) ([]Scenario, error) {
	if guests <= 1 {
		return m.Run(ctx, suite, folder)
	}
	answered := make([][]Scenario, guests)
	errs := make([]error, guests)
	var all sync.WaitGroup
	for n := range guests {
		part := *suite
		part.Scenarios = nil
		for i := n; i < len(suite.Scenarios); i += guests {
			part.Scenarios = append(part.Scenarios, suite.Scenarios[i])
		}
		machine := *m
		machine.Work = filepath.Join(m.Work, fmt.Sprintf("guest-%d", n))
		if err := os.MkdirAll(machine.Work, 0o755); err != nil {
			return nil, err
		}
		all.Go(func() { answered[n], errs[n] = machine.Run(ctx, &part, folder) })
	}
	all.Wait()
	var done []Scenario
	for i := range suite.Scenarios {
		if list := answered[i%guests]; i/guests < len(list) {
			done = append(done, list[i/guests])
		}
	}
	for n, err := range errs {
		if err != nil {
			return done, fmt.Errorf("guest %d: %w", n, err)
		}
	}
	return done, nil
}
