// Command ownrule is a klplint with two rules more: one asks that every
// livepatch names in its description the ticket that it belongs to, the other
// (teams.go) that no livepatch replaces one of another team.
//
//	go run . ../../fixtures/static/one-func.ko
//	go run . -against ../../fixtures/kpatch/one-func.ko ../../fixtures/static/replace.ko
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/rules"
)

var ticket = regexp.MustCompile(`\bOPS-[0-9]+\b`)

// ticketNamed is the rule. Its ID must not be one of klplint's own.
var ticketNamed = rules.NewModuleRule(&rules.Rule{
	Severity: finding.Error,
	Since:    "1",
	Tags:     []string{"ops"},
	Analyzer: &analysis.Analyzer{
		Name: "OPS001",
		Doc: `livepatch names no ticket

Whoever is woken by a livepatch has to find out why it is there.

Fix: put the number into MODULE_DESCRIPTION, e.g. "fix for OPS-4711".`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	if text, _ := m.Modinfo.Get("description"); ticket.MatchString(text) {
		return nil, nil
	}
	return []finding.Finding{{Message: "the description names no ticket"}}, nil
})

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run judges the modules that the arguments name and returns the exit code: 0
// for no finding of severity error, 1 for one, 2 for a module that could not be
// checked.
func run(args []string, stdout, stderr io.Writer) int {
	var baseline []lint.Source
	flags := flag.NewFlagSet("ownrule", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Func("against", "a livepatch that was built before; repeatable", func(path string) error {
		baseline = append(baseline, lint.Source{Path: path, Named: true})
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return 2
	}
	var inputs []lint.Source
	for _, path := range flags.Args() {
		inputs = append(inputs, lint.Source{Path: path, Named: true})
	}
	result, err := lint.Run(context.Background(), lint.Config{
		Rules:    append(rules.All(), ticketNamed, ownTeam),
		Inputs:   inputs,
		Baseline: baseline,
	})
	if err != nil {
		fmt.Fprintln(stderr, "ownrule:", err)
		return 2
	}
	for _, f := range result.Findings {
		fmt.Fprintf(stdout, "%q: %s: %s [%s]\n", f.Module, f.Severity, f.Message, f.Rule)
	}
	for _, e := range result.Errors {
		fmt.Fprintf(stderr, "ownrule: %q: %s\n", e.Path, e.Message)
	}
	switch {
	case result.Summary.Errors > 0:
		return 2
	case result.Summary.Error > 0:
		return 1
	}
	return 0
}
