package kerneltest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/klplint/klplint/klp"
)

// Kernel is a kernel that can be asked whether predictions are true.
type Kernel struct {
	Machine Machine
	Headers string     // to build modules against
	Target  klp.Target // what klplint knows of it
}

// Probe is the Probe of Minimise over this kernel. Each call works in a fresh
// folder below the machine's.
func (k *Kernel) Probe(ctx context.Context, suite *Suite, boots int) ([]Disagreement, int, error) {
	work, err := os.MkdirTemp(k.Machine.Work, "probe-")
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	if err := suite.Build(ctx, k.Headers, work, k.Machine.Make...); err != nil {
		return nil, 0, budgetOr(ctx, err)
	}
	predicted, err := Predict(suite, work, k.Target)
	if err != nil {
		return nil, 0, err
	}
	machine := k.Machine
	machine.Work, machine.Boots, machine.Booted = work, boots, 0
	machine.Believe = func(*Scenario) bool { return true } // a boot for each trial would be dear
	observed, err := machine.Run(ctx, suite, work)
	return Compare(predicted, observed), machine.Booted, budgetOr(ctx, err)
}

// String says what the search came to.
func (m *Minimised) String() string {
	switch {
	case !m.Repeated:
		return fmt.Sprintf("not seen again when the scenario ran alone (%d boots): whole", m.Boots)
	case !m.Complete:
		return fmt.Sprintf("made smaller until the budget ended (%d boots)", m.Boots)
	}
	return fmt.Sprintf("minimised: nothing more can be left out (%d boots)", m.Boots)
}

// Reproducer writes a minimised scenario as it is kept for every later run.
func (m *Minimised) Reproducer(folder string) (path string, err error) {
	text, err := m.Suite.JSON()
	if err != nil {
		return "", err
	}
	path = filepath.Join(folder, m.Suite.Scenarios[0].Name+".json")
	return path, os.WriteFile(path, append(text, '\n'), 0o644)
}

// budgetOr says that the time was up where that is why something else failed.
func budgetOr(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && !errors.Is(err, ErrBudget) {
		return ErrBudget
	}
	return err
}
