package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Every command has an example, and each example is one of that command, or of
// one below it, with flags that it has.
func TestExamples(t *testing.T) {
	root := newRootCommand(newApp(nil, nil, nil))
	root.InitDefaultHelpCmd()
	walk(root, func(c *cobra.Command) {
		if !c.IsAvailableCommand() || c.Name() == "help" {
			return
		}
		if c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		for line := range strings.Lines(c.Example) {
			command, _, _ := strings.Cut(strings.TrimSpace(line), " < ")
			command, _, _ = strings.Cut(command, " > ")
			words := strings.Fields(strings.ReplaceAll(command, "'", ""))
			found, rest, err := newRootCommand(newApp(nil, nil, nil)).Find(words[1:])
			if words[0] != "klplint" || err != nil || !strings.HasPrefix(found.CommandPath()+" ", c.CommandPath()+" ") {
				t.Errorf("%s: example %q is of another command (%v)", c.CommandPath(), command, err)
				continue
			}
			if err := found.ParseFlags(rest); err != nil {
				t.Errorf("%s: example %q: %v", c.CommandPath(), command, err)
			}
		}
	})
	for path := range examples() {
		found, _, err := root.Find(strings.Fields(path)[1:])
		if err != nil || found.CommandPath() != path {
			t.Errorf("an example of %q, which is no command", path)
		}
	}
}
