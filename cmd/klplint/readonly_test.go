package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A registry that this user may not write, because it is somebody else's or on a mount
// that is read-only, can be read: list, find, show, log, export, verify and a dry run of
// gate. What would write says so, and exits with 2.
func TestRegistryThatMayNotBeWritten(t *testing.T) {
	folder, err := os.MkdirTemp("", "klplint-read-only")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.Chmod(folder, 0o700)
		_ = os.RemoveAll(folder)
	})
	// Where whoever that is may run it.
	self, err := os.ReadFile(program(t))
	if err != nil {
		t.Fatal(err)
	}
	klplint := filepath.Join(folder, "klplint")
	if err := os.WriteFile(klplint, self, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "registry.db")
	place := "sqlite:" + path
	for _, args := range [][]string{{"registry", "init"}, {"registry", "add", "../../fixtures/static/many.ko"}} {
		if out, err := exec.Command(klplint, append(args, "--registry", place)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
	}
	fix, err := os.ReadFile("../../fixtures/static/one-func.ko")
	if err != nil {
		t.Fatal(err)
	}
	module := filepath.Join(folder, "fix.ko")
	if err := os.WriteFile(module, fix, 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(t *testing.T, run func(args ...string) *exec.Cmd) {
		for args, code := range map[string]int{
			"registry list": 0, "registry find --func cmdline_proc_show": 0, "registry show static_many": 0, "registry log": 0,
			"registry export": 0, "registry verify": 0, "gate --dry-run --fail-on never " + module: 0,
			"gate --fail-on never " + module: 2, "registry retire static_many": 2, "registry add " + module: 2,
		} {
			cmd := run(append(strings.Fields(args), "--registry", place)...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			var exit *exec.ExitError
			if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
				t.Fatalf("%s: %v", args, err)
			}
			if got := cmd.ProcessState.ExitCode(); got != code || code == 2 && !strings.Contains(stderr.String(), "registry "+place+": the file cannot be ") {
				t.Errorf("%s: exit code %d, want %d: %s", args, got, code, &stderr)
			}
		}
	}
	t.Run("another user's", func(t *testing.T) {
		for name, mode := range map[string]os.FileMode{path: 0o444, module: 0o444, folder: 0o555, klplint: 0o755} {
			if err := os.Chmod(name, mode); err != nil {
				t.Fatal(err)
			}
		}
		check(t, func(args ...string) *exec.Cmd {
			cmd := exec.Command(klplint, args...)
			if os.Geteuid() == 0 { // who may write everything
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			}
			return cmd
		})
	})
	t.Run("read-only mount", func(t *testing.T) {
		for name, mode := range map[string]os.FileMode{path: 0o644, folder: 0o755} {
			if err := os.Chmod(name, mode); err != nil {
				t.Fatal(err)
			}
		}
		const mounted = `mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"`
		check(t, func(args ...string) *exec.Cmd {
			unshare := []string{"--mount"}
			if os.Geteuid() != 0 {
				unshare = append(unshare, "--user", "--map-root-user")
			}
			return exec.Command("unshare", append(append(unshare, "sh", "-c", mounted, folder, klplint), args...)...)
		})
	})
}
