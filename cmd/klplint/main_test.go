package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary play klplint itself, so that the scripts start
// real processes and see real exit codes.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"klplint": main})
}

// TestScripts runs testdata/script/*.txtar, one behaviour a script. $FIXTURES
// is the folder of the committed modules, $DATA the testdata folder.
// `code N command...` runs a command and wants that exit code.
func TestScripts(t *testing.T) {
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
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
			e.Setenv("TERM", "xterm")
			return nil
		},
	})
}
