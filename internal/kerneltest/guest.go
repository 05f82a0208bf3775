package kerneltest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"time"
)

// collect reads the guest's records. It returns the scenarios that were begun,
// each with an answer for every step that was reached.
func collect(records io.Reader, suite *Suite, scenarios []Scenario, everything bool, kill func()) ([]Scenario, error) {
	lines := make(chan string)
	go func() {
		defer close(lines)
		reader := bufio.NewReader(records)
		for {
			line, err := reader.ReadString('\n')
			if err != nil {
				return // a guest that dies may leave half a record
			}
			lines <- strings.TrimRight(line, "\r\n")
		}
	}()
	defer func() {
		kill()
		for range lines { // let the reader end
		}
	}()
	g := guest{suite: suite, scenarios: scenarios, everything: everything}
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
	step      int  // last one that was begun in the running scenario; -1 before the first
	within    bool // the step has not ended
	// everything: all of the kernel's log is kept.
	everything bool
}

// What stands in the place of an errno where the kernel has none to give.
const (
	crashed = "CRASH" // it died or hung
	stuck   = "STUCK" // a transition does not end
)

var errRecord = errors.New("unexpected record from the guest")

// record takes one line; over means that this boot has no more to say.
func (g *guest) record(line string) (over bool, err error) {
	kind, rest, _ := strings.Cut(line, " ")
	switch kind {
	case "begin":
		if g.ftraceOff() || g.everything && g.spoilt() {
			return true, nil
		}
		if len(g.answered) == len(g.scenarios) {
			return true, nil // a guest that started from a snapshot goes on to the suite's end
		}
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
	case "ready":
		return false, nil
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
		if g.everything || tells(rest) {
			answer.Messages = append(answer.Messages, rest)
		}
	case "taint":
		answer.Taint = rest
	case "active":
		answer.Active = append(answer.Active, rest)
	case "owner":
		file, owner, _ := strings.Cut(rest, " ")
		answer.Owners[funcOfFile(file)] = owner
	case "call":
		name, result, _ := strings.Cut(rest, " ")
		if answer.Calls == nil {
			answer.Calls = map[string]string{}
		}
		answer.Calls[name] = result
	case "text":
		answer.Text = append(answer.Text, rest)
	case "held":
		answer.Held = true
	case "stuck":
		g.end(g.step, stuck)
		return true, nil
	case "end":
		sort.Strings(answer.Active)
		g.within = false
	default:
		return true, fmt.Errorf("%w: %q", errRecord, line)
	}
	return false, nil
}

// ftraceOff reports whether the scenario before found ftrace off, as it is from a
// place that it could not change until the next boot.
func (g *guest) ftraceOff() bool {
	return len(g.answered) > 0 && slices.ContainsFunc(g.answered[len(g.answered)-1].Steps, func(s Step) bool { return s.Errno == "ENODEV" })
}

// spoilt reports whether the scenario before made the kernel warn with a trace:
// ftrace, for one, is off from then on until the next boot.
func (g *guest) spoilt() bool {
	if len(g.answered) == 0 {
		return false
	}
	for _, step := range g.answered[len(g.answered)-1].Steps {
		for _, line := range step.Messages {
			if strings.Contains(line, "cut here") || strings.Contains(line, "BTF mismatch detected") {
				return true
			}
		}
	}
	return false
}

// crash marks the step in which the guest died. Later steps of the scenario
// are dropped: nothing can be said of them. A guest that dies between two steps
// died of the one before: it sends the record "step" before it begins the next.
// One that dies in a scenario's cleaning up has answered all that was asked.
func (g *guest) crash() {
	if len(g.answered) == 0 {
		return
	}
	scenario := &g.answered[len(g.answered)-1]
	if len(scenario.Steps) == 0 || !g.within && g.step == len(scenario.Steps)-1 {
		return
	}
	g.end(max(g.step, 0), crashed)
}

// end makes a step the last one of the running scenario.
func (g *guest) end(step int, errno string) {
	scenario := &g.answered[len(g.answered)-1]
	scenario.Steps = scenario.Steps[:step+1]
	scenario.Steps[step].Answer = Answer{Errno: errno, Messages: []string{}, Active: []string{}, Owners: map[string]string{}}
	g.within = false
}

// tells reports whether a log line says why something was refused or what
// happened to a target module, rather than that all goes well.
func tells(line string) bool {
	if strings.HasPrefix(line, "livepatch: ") {
		return !strings.Contains(line, "enabling patch") && !strings.Contains(line, "transition") && !strings.HasSuffix(line, " complete")
	}
	for _, part := range []string{"sysfs: cannot create", "nknown symbol", "version magic", "disagrees about", "nvalid relocation target", "klp_calls: ", "section size must match"} {
		if strings.Contains(line, part) {
			return true
		}
	}
	return false
}

// funcOfFile turns a file of /proc into the "object:func" that answers it.
func funcOfFile(file string) string {
	for name, path := range procShow {
		if path == file {
			return "vmlinux:" + name
		}
	}
	if position, direct := strings.CutPrefix(file, "/proc/klp_direct_"); direct {
		if position == "1" {
			return directCaller
		}
		return directCaller + "," + position
	}
	return "klp_target:" + strings.TrimPrefix(file, "/proc/")
}
