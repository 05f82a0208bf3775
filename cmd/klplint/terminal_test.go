package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/mattn/go-runewidth"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
)

// onTerminal runs klplint on a terminal of that width and returns what it
// shows, with line ends as \n.
func onTerminal(t *testing.T, columns uint16, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program(t), args...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "NO_COLOR=", "FORCE_COLOR=", "CLICOLOR_FORCE=")
	cmd.Env = append(cmd.Env, env...)
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: columns})
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	var shown bytes.Buffer
	// Reading the master ends with EIO when the last process is gone.
	if _, err := io.Copy(&shown, master); err != nil && !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	err = cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() > exitcode.Findings) {
		t.Fatalf("klplint %q: %v\n%s", args, err, shown.String())
	}
	return strings.ReplaceAll(shown.String(), "\r\n", "\n")
}

// stripped removes colour codes.
func stripped(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == 0x1b {
			for i++; i < len(s) && s[i] != 'm'; i++ {
			}
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func TestTerminal(t *testing.T) {
	commands := map[string][]string{
		"dump many":    {"dump", "--kernel", "none", "../../fixtures/static/many.ko"},
		"dump kpatch":  {"dump", "--kernel", "none", "../../fixtures/kpatch/many.ko"},
		"dump callers": {"dump", "--kernel", "none", "../../fixtures/static/callbacks.ko"},
		"lint":         {"--kernel", "none", "../../fixtures/rules/KLP104", "../../fixtures/rules/KLP208"},
		"rules":        {"rules"},
	}
	for name, args := range commands {
		for _, columns := range []uint16{80, 120} {
			shown := onTerminal(t, columns, nil, args...)
			if !strings.Contains(shown, "\x1b[") || !strings.Contains(shown, "───") {
				t.Errorf("%s at %d: no coloured table:\n%s", name, columns, shown)
			}
			for line := range strings.Lines(stripped(shown)) {
				if n := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); n > int(columns) {
					t.Errorf("%s at %d: line of %d columns: %s", name, columns, n, line)
				}
			}
		}
	}
}

func TestTerminalWithoutColor(t *testing.T) {
	args := []string{"--kernel", "none", "../../fixtures/rules/KLP208/bad.ko"}
	colored := func(env ...string) bool {
		shown := onTerminal(t, 80, env, args...)
		if !strings.Contains(shown, "KLP208") {
			t.Errorf("env %v: no finding:\n%s", env, shown)
		}
		return strings.Contains(shown, "\x1b")
	}
	if !colored() {
		t.Error("no colours on a terminal")
	}
	if colored("NO_COLOR=1") {
		t.Error("colours in spite of NO_COLOR")
	}
	if colored("TERM=dumb") {
		t.Error("colours on a dumb terminal")
	}
	if !colored("NO_COLOR=1", "FORCE_COLOR=1") {
		t.Error("no colours in spite of FORCE_COLOR")
	}
	args = append([]string{"--color=never"}, args...)
	if colored("FORCE_COLOR=1") {
		t.Error("colours in spite of --color=never")
	}
}

// TestTerminalWithoutSize: a serial console reports no columns.
func TestTerminalWithoutSize(t *testing.T) {
	shown := onTerminal(t, 0, nil, "dump", "--kernel", "none", "../../fixtures/static/many.ko")
	for line := range strings.Lines(stripped(shown)) {
		if n := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("line of %d columns: %s", n, line)
		}
	}
}

// TestInterrupt: Ctrl-C ends klplint at once, with the shell's exit code, and
// no half-written report stays.
func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(program(t), "dump", "--kernel", "none", "--format", "json="+filepath.Join(dir, "out.json"), "-")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// The temporary file shows that the work has begun; the list on stdin never
	// ends.
	deadline := time.Now().Add(time.Minute)
	for {
		if names, _ := filepath.Glob(filepath.Join(dir, ".*")); len(names) > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("klplint made no temporary file")
		}
		time.Sleep(time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the exit code is looked at
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	if names, _ := os.ReadDir(dir); len(names) > 0 {
		t.Errorf("files left: %v", names)
	}
}

// TestProgress: a bar is shown on a terminal after a moment, and is gone at the
// end.
func TestProgress(t *testing.T) {
	master, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	if err := pty.Setsize(terminal, &pty.Winsize{Rows: 40, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TERM", "xterm")
	a := newApp(nil, io.Discard, terminal)
	p := a.newProgress("modules")
	p.update(1, 10)
	if p.bar != nil {
		t.Error("a bar before the first second is over")
	}
	p.begin = time.Now().Add(-2 * progressDelay)
	p.update(4, 10)
	time.Sleep(300 * time.Millisecond) // the bar draws itself in intervals
	p.stop()
	terminal.Close()
	shown, err := io.ReadAll(master)
	if err != nil && !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	if !bytes.Contains(shown, []byte("4 / 10 modules")) {
		t.Errorf("no progress in %q", shown)
	}

	a.common.quiet = true
	if q := a.newProgress("modules"); q.output != nil {
		t.Error("a bar in spite of --quiet")
	}
	if q := newApp(nil, io.Discard, &bytes.Buffer{}).newProgress("modules"); q.output != nil {
		t.Error("a bar without a terminal")
	}
}
