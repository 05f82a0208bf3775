//go:build linux

package hostile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/klplint/klplint/fixtures"
)

// command is klplint built as it ships, without cgo: the C library reserves
// address space for every thread, 600 MiB in all, that says nothing of klplint.
var command = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "klplint")
	build := exec.Command("go", "build", "-o", path, "./cmd/klplint")
	build.Dir = filepath.Dir(fixtures.Dir())
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// scratch is the folder of the built command, removed at the end.
var scratch string

func TestMain(m *testing.M) {
	if os.Getenv(measuring) != "" {
		os.Exit(measure(os.Args[1:]))
	}
	os.Exit(func() int {
		var err error
		if scratch, err = os.MkdirTemp("", "hostile"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(scratch) }()
		return m.Run()
	}())
}

// measuring is set where the test binary stands between the test and the
// command. A process starts with the peak memory of the one that forked it, so
// that what starts the command has to be small.
const measuring = "KLPLINT_HOSTILE_MEASURE"

// measure runs a command within bounded address space, writes its peak memory
// in bytes to file descriptor 3, and returns its exit code, -1 for a signal.
func measure(args []string) int {
	report := os.NewFile(3, "report")
	limit := unix.Rlimit{Cur: addressSpace, Max: addressSpace}
	if err := unix.Setrlimit(unix.RLIMIT_AS, &limit); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 255
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // the signal comes when this thread ends
	if err := cmd.Run(); cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		return 255
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		fmt.Fprintf(report, "%d", usage.Maxrss<<10)
	}
	return cmd.ProcessState.ExitCode()
}

// How long one run may take before it counts as hanging, and how much address
// space it gets. The Go runtime alone reserves most of a GiB, of which it uses
// little.
const (
	deadline     = 60 * time.Second
	addressSpace = 2 << 30 // bytes
)

// outcome is one finished run of the command.
type outcome struct {
	code           int
	stdout, stderr string
	peak           int64 // bytes resident at most
}

// process says how to run the command.
type process struct {
	dir    string
	env    []string
	stdout *os.File // nil: kept in the outcome
}

// run starts klplint within bounded address space, and fails the test if it
// hangs, crashes, or ends with a code that it does not document.
func (p process) run(t testing.TB, args ...string) outcome {
	t.Helper()
	path, err := command()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self, append([]string{path}, args...)...)
	peak, report, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer peak.Close()
	cmd.ExtraFiles = []*os.File{report}
	cmd.Dir, cmd.Env = p.dir, append(append(os.Environ(), measuring+"=1"), p.env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if p.stdout != nil {
		cmd.Stdout = p.stdout
	}
	err = cmd.Run()
	report.Close()
	if ctx.Err() != nil {
		t.Fatalf("klplint %q hangs\n%s", args, stderr.String())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	o := outcome{code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
	if _, err := fmt.Fscan(peak, &o.peak); err != nil {
		t.Fatalf("klplint %q: peak memory: %v\n%s", args, err, o.stderr)
	}
	if o.code < 0 || o.code > 2 || strings.Contains(o.stderr, "goroutine ") || strings.Contains(o.stderr, "internal error") {
		t.Errorf("klplint %q: exit %d\n%s", args, o.code, o.stderr)
	}
	return o
}

// lint judges paths without a kernel.
func lintRun(t testing.TB, dir string, args ...string) outcome {
	t.Helper()
	return process{dir: dir}.run(t, append([]string{"lint", "--kernel", "none"}, args...)...)
}

// problems returns the lines of stderr that begin with one of the paths.
func (o outcome) problems(path string) []string {
	var all []string
	for line := range strings.Lines(o.stderr) {
		if strings.HasPrefix(line, "klplint: "+path+": ") {
			all = append(all, strings.TrimSuffix(line, "\n"))
		}
	}
	return all
}

// unchecked fails the test unless the run ended with exit code 2 and one line
// for the path that holds cause.
func (o outcome) unchecked(t testing.TB, path, cause string) {
	t.Helper()
	if o.code != 2 {
		t.Errorf("exit code %d, want 2", o.code)
	}
	lines := o.problems(path)
	if len(lines) != 1 || !strings.Contains(lines[0], cause) {
		t.Errorf("%d lines for %s, want one with %q\n%s", len(lines), path, cause, o.stderr)
	}
}

// checked fails the test unless the summary counts that many livepatches.
func (o outcome) checked(t testing.TB, livepatches int) {
	t.Helper()
	word := "livepatches"
	if livepatches == 1 {
		word = "livepatch"
	}
	if want := fmt.Sprintf("klplint: %d %s checked", livepatches, word); !strings.Contains(o.stderr, want) {
		t.Errorf("no %q in\n%s", want, o.stderr)
	}
}

// good puts a sound livepatch into a folder.
func good(t testing.TB, dir, name string) {
	t.Helper()
	write(t, dir, name, fixtures.Read(t, "static/one-func.ko"))
}

func write(t testing.TB, dir, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
		t.Fatal(err)
	}
}
