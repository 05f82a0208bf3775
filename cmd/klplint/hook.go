package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// hookScript is what hook install writes.
//
//go:embed hook.sh
var hookScript []byte

// hookMark is the line by which a hook is known as klplint's own.
const hookMark = "# Made by klplint hook install."

func newHookCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hook",
		Short: "Install a plain git hook that checks modules before a commit",
		Long: `Hook manages the pre-commit hook of the git repository around the working
directory, for those who do not use the pre-commit program.

The hook gives the modules that a commit adds or changes to klplint, which it
finds in PATH, with .klplint.yaml as usual. It stops the commit when there are
findings, when a module cannot be read, or when klplint is not installed.
git commit --no-verify skips it.`,
	}
	var force bool
	install := &cobra.Command{
		Use:   "install",
		Short: "Install the hook; a hook of other origin is kept, unless --force is given",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return a.installHook(force) },
	}
	install.Flags().BoolVar(&force, "force", false, "overwrite a hook that klplint did not make")
	return group(a, cmd, install, &cobra.Command{
		Use:   "remove",
		Short: "Delete the hook, if klplint made it",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return a.removeHook() },
	}, &cobra.Command{
		Use:   "print",
		Short: "Print the hook, to be called from another one",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.stdout.Write(hookScript)
			return err
		},
	})
}

func (a *app) installHook(force bool) error {
	path, err := hookPath()
	if err != nil {
		return err
	}
	switch own, err := ownHook(path); {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return uncheckedErrorf("hook: %w", err)
		}
	case err != nil:
		return uncheckedErrorf("hook: %w", err)
	case !own && !force:
		return usageErrorf("%s exists and is not klplint's; --force overwrites it, klplint hook print shows what to add to it", path)
	}
	// Written beside and renamed: git never runs half a hook, and where a
	// symbolic link stood, the file behind it stays as it was.
	f, err := a.temps.create(fmt.Sprintf("%s.%d.tmp", path, os.Getpid()), 0o777)
	if err != nil {
		return uncheckedErrorf("hook: %w", err)
	}
	defer a.temps.remove(f.Name())
	_, err = f.Write(hookScript)
	if err := errors.Join(err, f.Close()); err != nil {
		return uncheckedErrorf("hook: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return uncheckedErrorf("hook: %w", err)
	}
	a.sayHook("installed " + path)
	return nil
}

func (a *app) removeHook() error {
	path, err := hookPath()
	if err != nil {
		return err
	}
	switch own, err := ownHook(path); {
	case errors.Is(err, fs.ErrNotExist):
		a.sayHook("no hook at " + path)
		return nil
	case err != nil:
		return uncheckedErrorf("hook: %w", err)
	case !own:
		return usageErrorf("%s is not klplint's", path)
	}
	if err := os.Remove(path); err != nil {
		return uncheckedErrorf("hook: %w", err)
	}
	a.sayHook("removed " + path)
	return nil
}

func (a *app) sayHook(line string) {
	if !a.common.quiet {
		a.errorf("%s", line)
	}
}

// hookPath asks git, which knows worktrees, GIT_DIR and core.hooksPath.
func hookPath() (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.Command("git", "rev-parse", "--git-path", "hooks")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if said := strings.TrimSpace(stderr.String()); said != "" {
			return "", uncheckedErrorf("git: %s", said)
		}
		return "", uncheckedErrorf("git: %w", err)
	}
	return filepath.Join(strings.TrimSuffix(stdout.String(), "\n"), "pre-commit"), nil
}

// ownHook reports whether klplint made the hook. A symbolic link is none of
// its own, wherever it leads.
func ownHook(path string) (bool, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() || info.Size() > 64<<10 {
		return false, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	return bytes.Contains(b, []byte("\n"+hookMark+"\n")), nil
}
