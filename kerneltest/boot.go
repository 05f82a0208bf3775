package kerneltest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"
)

// Machine boots one kernel in an emulator.
type Machine struct {
	Vmlinuz string // kernel image
	Init    string // static executable of guest/init.c
	Work    string // scratch folder
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
// answered CRASH, and the scenarios after it run on a new boot.
func (m *Machine) Run(ctx context.Context, suite *Suite, folder string) ([]Scenario, error) {
	var done []Scenario
	rest := slices.Clone(suite.Scenarios)
	silent := 0
	for len(rest) > 0 {
		answered, err := m.boot(ctx, suite, folder, rest)
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
		if last.crashed() {
			// The emulator itself dies now and then: a crash counts when it
			// comes again on a kernel of its own.
			again, err := m.boot(ctx, suite, folder, rest[len(answered)-1:len(answered)])
			if err != nil {
				return done, err
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

// crashed reports whether the kernel died in the scenario.
func (s *Scenario) crashed() bool {
	return len(s.Steps) > 0 && s.Steps[len(s.Steps)-1].Errno == "CRASH"
}

// boot runs scenarios until the guest is done, dirty or dead.
func (m *Machine) boot(ctx context.Context, suite *Suite, folder string, scenarios []Scenario) ([]Scenario, error) {
	initramfs := filepath.Join(m.Work, "initramfs")
	if err := m.writeInitramfs(initramfs, suite, folder, scenarios); err != nil {
		return nil, fmt.Errorf("initramfs: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64",
		"-accel", "tcg", "-m", "512", "-nographic", "-no-reboot", "-monitor", "none",
		"-kernel", m.Vmlinuz, "-initrd", initramfs,
		"-serial", "file:"+filepath.Join(m.Work, "console"), "-serial", "stdio",
		"-append", "console=ttyS0 panic=-1 oops=panic softlockup_panic=1 watchdog_thresh=5 hung_task_panic=1 sysctl.kernel.hung_task_timeout_secs=20 mitigations=off nokaslr loglevel=7")
	records, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var problems bytes.Buffer
	cmd.Stderr = &problems
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	answered, err := collect(records, suite, scenarios, cancel)
	_ = cmd.Wait() // a killed or crashed guest is what the records say
	if m.Log != nil {
		if console, readErr := os.ReadFile(filepath.Join(m.Work, "console")); readErr == nil {
			_, _ = m.Log.Write(console)
		}
	}
	if err == nil && len(answered) == 0 && problems.Len() > 0 {
		err = fmt.Errorf("qemu: %s", problems.String())
	}
	return answered, err
}

// collect reads the guest's records. It returns the scenarios that were begun,
// each with an answer for every step that was reached.
func collect(records io.Reader, suite *Suite, scenarios []Scenario, kill func()) ([]Scenario, error) {
	lines := make(chan string)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(records)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			lines <- strings.TrimRight(scanner.Text(), "\r")
		}
	}()
	defer func() {
		kill()
		for range lines { // let the reader end
		}
	}()
	g := guest{suite: suite, scenarios: scenarios}
	limit := bootLimit
	for {
		select {
		case line, open := <-lines:
			if !open {
				g.crash()
				return g.answered, nil
			}
			over, err := g.record(line)
			if over || err != nil {
				return g.answered, err
			}
		case <-time.After(limit):
			g.crash()
			return g.answered, nil
		}
		limit = stepLimit
	}
}

// guest gathers the records of one boot.
type guest struct {
	suite     *Suite
	scenarios []Scenario
	answered  []Scenario
	step      int // in the running scenario; -1 between steps
	within    bool
}

var errRecord = errors.New("unexpected record from the guest")

// record takes one line; over means that this boot has no more to say.
func (g *guest) record(line string) (over bool, err error) {
	kind, rest, _ := strings.Cut(line, " ")
	switch kind {
	case "begin":
		next := g.scenarios[len(g.answered)]
		if next.Name != rest {
			return true, fmt.Errorf("%w: %q, want scenario %s", errRecord, line, next.Name)
		}
		next.Steps = slices.Clone(next.Steps)
		for i := range next.Steps {
			next.Steps[i].Answer = Answer{Messages: []string{}, Active: []string{}, Owners: map[string]string{}}
		}
		g.answered = append(g.answered, next)
		g.step = -1
		return false, nil
	case "dirty", "done":
		return true, nil
	}
	if len(g.answered) == 0 {
		return true, fmt.Errorf("%w: %q before a scenario", errRecord, line)
	}
	scenario := &g.answered[len(g.answered)-1]
	if kind == "step" {
		g.step++
		g.within = true
		if g.step >= len(scenario.Steps) {
			return true, fmt.Errorf("%w: %q", errRecord, line)
		}
		return false, nil
	}
	if g.step < 0 {
		return true, fmt.Errorf("%w: %q before a step", errRecord, line)
	}
	answer := &scenario.Steps[g.step].Answer
	switch kind {
	case "errno":
		answer.Errno = rest
	case "log":
		if tells(rest) {
			answer.Messages = append(answer.Messages, rest)
		}
	case "active":
		answer.Active = append(answer.Active, rest)
	case "owner":
		file, owner, _ := strings.Cut(rest, " ")
		answer.Owners[funcOfFile(file)] = owner
	case "stuck":
		return true, fmt.Errorf("scenario %s step %d: a transition does not end", scenario.Name, g.step)
	case "end":
		sort.Strings(answer.Active)
		g.within = false
	default:
		return true, fmt.Errorf("%w: %q", errRecord, line)
	}
	return false, nil
}

// tells reports whether a log line says why something was refused or what
// happened to a target module, rather than that all goes well.
func tells(line string) bool {
	if strings.HasPrefix(line, "livepatch: ") {
		return !strings.Contains(line, "enabling patch") && !strings.Contains(line, "transition") && !strings.HasSuffix(line, " complete")
	}
	for _, part := range []string{"sysfs: cannot create", "nknown symbol", "version magic", "disagrees about", "nvalid relocation target", "section size must match"} {
		if strings.Contains(line, part) {
			return true
		}
	}
	return false
}

// crash marks the step in which the guest died. Later steps of the scenario
// are dropped: nothing can be said of them.
func (g *guest) crash() {
	if len(g.answered) == 0 || !g.within {
		return
	}
	scenario := &g.answered[len(g.answered)-1]
	scenario.Steps = scenario.Steps[:g.step+1]
	scenario.Steps[g.step].Answer = Answer{Errno: "CRASH", Messages: []string{}, Active: []string{}, Owners: map[string]string{}}
	g.within = false
}

// funcOfFile turns a file of /proc into the "object:func" that answers it.
func funcOfFile(file string) string {
	for name, path := range procShow {
		if path == file {
			return "vmlinux:" + name
		}
	}
	return "klp_target:" + strings.TrimPrefix(file, "/proc/")
}
