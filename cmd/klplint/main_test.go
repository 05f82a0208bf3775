package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes a folder for the program that scripts and other tests start.
func TestMain(m *testing.M) {
	os.Exit(tested(m))
}

func tested(m *testing.M) (code int) {
	dir, err := os.MkdirTemp("", "klplint-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	programs = dir
	return m.Run()
}

// programs is the folder of the program that the tests start.
var programs string

// built is klplint as it ships. The test binary could stand in for it, but starts with
// what only tests need, and takes twice as long.
var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(programs, "klplint")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// program returns the path of klplint.
func program(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestScripts runs testdata/script/*.txtar, one behaviour a script. $FIXTURES
// is the folder of the committed modules, $DATA the testdata folder.
// `code N command...` runs a command and wants that exit code.
func TestScripts(t *testing.T) {
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Dir(program(t)) + string(os.PathListSeparator) + os.Getenv("PATH")
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": wantCode,
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("FIXTURES", wd+"/../../fixtures")
			e.Setenv("DATA", wd+"/testdata")
			e.Setenv("PATH", path)
			e.Setenv("TERM", "xterm")
			return nil
		},
	})
}
