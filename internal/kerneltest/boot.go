package kerneltest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// Machine boots one kernel in an emulator.
type Machine struct {
	Platform
	Vmlinuz string // kernel image
	Init    string // static executable of guest/init.c
	Work    string // scratch folder
	// Believe, where it is not nil, says of a scenario in which the kernel was lost
	// that this need not be seen a second time.
	Believe func(*Scenario) bool
	// Boots, where it is above 0, is the number of boots that Run may take; it
	// ends with ErrBudget where they do not suffice.
	Boots int
	// Booted counts the boots.
	Booted int
	// Snapshot keeps the booted kernel's memory, so that after a crash the next
	// scenario starts from there instead of from a boot, and keeps all that the
	// kernel logs. The suite's scenarios are then all in one initramfs.
	Snapshot bool
	// Log receives the kernel's console; nil discards it.
	Log io.Writer
}

// Limits of one boot. Emulation is slow and the build machine may be busy; a
// guest that says nothing for stepLimit hangs.
const (
	bootLimit = 240 * time.Second
	stepLimit = 120 * time.Second
	maxSilent = 3
)

// Run performs the scenarios with the modules of folder (KEY.ko) and returns
// them with the kernel's answers. A step that crashes or hangs the kernel is
// answered CRASH, one whose transition does not end STUCK, and the scenarios
// after it run on a new boot.
func (m *Machine) Run(ctx context.Context, suite *Suite, folder string) ([]Scenario, error) {
	var done []Scenario
	rest := slices.Clone(suite.Scenarios)
	silent := 0
	for len(rest) > 0 {
		answered, err := m.start(ctx, suite, folder, rest)
		if err != nil {
			return done, err
		}
		if len(answered) == 0 {
			// A boot can be lost on a machine that is busy with other things.
			if silent++; silent == maxSilent {
				return done, fmt.Errorf("scenario %s: the guest said nothing in %d boots", rest[0].Name, silent)
			}
			continue
		}
		silent = 0
		last := &answered[len(answered)-1]
		if last.unfinished() && (m.Believe == nil || !m.Believe(last)) {
			// The emulator itself dies now and then, and a busy machine makes a
			// guest slow: a crash counts when it comes again on a kernel of its own.
			again, err := m.start(ctx, suite, folder, rest[len(answered)-1:len(answered)])
			if err != nil {
				return append(done, answered[:len(answered)-1]...), err
			}
			if len(again) == 1 {
				*last = again[0]
			}
		}
		done = append(done, answered...)
		rest = rest[len(answered):]
	}
	return done, nil
}

// start runs scenarios from a boot, or from the snapshot.
func (m *Machine) start(ctx context.Context, suite *Suite, folder string, scenarios []Scenario) ([]Scenario, error) {
	if m.Snapshot {
		return m.resume(ctx, suite, folder, scenarios)
	}
	return m.boot(ctx, suite, folder, scenarios)
}

// unfinished reports whether the kernel was lost in the scenario.
func (s *Scenario) unfinished() bool {
	return len(s.Steps) > 0 && s.Steps[len(s.Steps)-1].lost()
}

// lost reports whether the kernel can answer nothing more.
func (a Answer) lost() bool { return a.Errno == crashed || a.Errno == stuck }

// boot runs scenarios until the guest is done, dirty or dead.
func (m *Machine) boot(ctx context.Context, suite *Suite, folder string, scenarios []Scenario) ([]Scenario, error) {
	if m.Boots > 0 && m.Booted >= m.Boots {
		return nil, ErrBudget
	}
	m.Booted++
	initramfs := filepath.Join(m.Work, "initramfs")
	if err := m.writeInitramfs(initramfs, suite, folder, scenarios); err != nil {
		return nil, fmt.Errorf("initramfs: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, m.emulator, append(m.arguments(initramfs), "-monitor", "none")...)
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	console, err := os.OpenFile(m.console(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer console.Close()
	var problems bytes.Buffer
	cmd.Stderr = &problems
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	answered, err := collect(m.records(output, console), suite, scenarios, false, cancel)
	_ = cmd.Wait() // a killed or crashed guest is what the records say
	if m.Log != nil {
		if console, readErr := os.ReadFile(m.console()); readErr == nil {
			_, _ = m.Log.Write(console)
		}
	}
	if err == nil && len(answered) == 0 && problems.Len() > 0 {
		err = fmt.Errorf("qemu: %s", problems.String())
	}
	return answered, err
}
