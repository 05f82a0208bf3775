package kerneltest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// snapshotLimit bounds writing the memory of a guest that waits.
const snapshotLimit = 60 * time.Second

// snapshotPath is where the memory of the booted guest is kept.
func (m *Machine) snapshotPath() string { return filepath.Join(m.Work, "snapshot") }

// resume runs scenarios, which are the end of the suite's or one of them, on a
// copy of the kernel that was booted at the first call.
func (m *Machine) resume(ctx context.Context, suite *Suite, folder string, scenarios []Scenario) ([]Scenario, error) {
	for tries := 1; ; tries++ {
		if _, err := os.Stat(m.snapshotPath()); err == nil {
			break
		}
		// A boot can be lost on a machine that is busy with other things.
		if err := m.snapshot(ctx, suite, folder); err != nil && tries == maxSilent {
			return nil, fmt.Errorf("snapshot: %w", err)
		}
	}
	first := slices.IndexFunc(suite.Scenarios, func(s Scenario) bool { return s.Name == scenarios[0].Name })
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, m.emulator,
		append(m.arguments(filepath.Join(m.Work, "initramfs")), "-monitor", "none", "-incoming", "exec:cat "+m.snapshotPath())...)
	records, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	orders, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	var problems bytes.Buffer
	cmd.Stderr = &problems
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		// The guest reads whole lines: what is lost while it wakes is sent again.
		for range 20 {
			if _, err := fmt.Fprintf(orders, "go %d\n", first); err != nil {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(500 * time.Millisecond):
			}
		}
	}()
	answered, err := collect(records, suite, scenarios, true, cancel)
	_ = cmd.Wait() // a killed or crashed guest is what the records say
	m.Booted++
	if len(answered) > len(scenarios) {
		answered = answered[:len(scenarios)]
	}
	if err == nil && len(answered) == 0 && problems.Len() > 0 {
		err = fmt.Errorf("qemu: %s", problems.String())
	}
	return answered, err
}

// snapshot boots the kernel with all of the suite and keeps its memory at the
// point where the guest waits to be told where to start.
func (m *Machine) snapshot(ctx context.Context, suite *Suite, folder string) error {
	initramfs := filepath.Join(m.Work, "initramfs")
	if err := m.writeInitramfs(initramfs, suite, folder, suite.Scenarios); err != nil {
		return fmt.Errorf("initramfs: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, bootLimit+snapshotLimit)
	defer cancel()
	monitor := filepath.Join(m.Work, "monitor")
	for _, fifo := range []string{monitor + ".in", monitor + ".out"} {
		_ = os.Remove(fifo)
		if output, err := exec.CommandContext(ctx, "mkfifo", fifo).CombinedOutput(); err != nil {
			return fmt.Errorf("mkfifo: %w: %s", err, output)
		}
	}
	cmd := exec.CommandContext(ctx, m.emulator, append(m.arguments(initramfs), "-monitor", "pipe:"+monitor)...)
	records, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	// Without an open end the port would be at its end of input.
	if _, err := cmd.StdinPipe(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() { cancel(); _ = cmd.Wait() }()
	in, err := os.OpenFile(monitor+".in", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(monitor+".out", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer out.Close()
	go func() { _, _ = io.Copy(io.Discard, out) }() // the monitor's prompts
	lines := bufio.NewScanner(records)
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) != "ready" {
			continue
		}
		part := m.snapshotPath() + ".part"
		if _, err := fmt.Fprintf(in, "migrate \"exec:cat > %s; mv %s %s\"\nquit\n", part, part, m.snapshotPath()); err != nil {
			return err
		}
		for range int(snapshotLimit / (100 * time.Millisecond)) {
			if _, err := os.Stat(m.snapshotPath()); err == nil {
				return nil
			}
			time.Sleep(100 * time.Millisecond)
		}
		return fmt.Errorf("no snapshot after %s", snapshotLimit)
	}
	return fmt.Errorf("the guest did not boot")
}
