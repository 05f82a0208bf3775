package main

import (
	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/settings"
)

// newHelpCommand shows the help of a subcommand and explains a rule, a model or a
// question: people ask help for both.
func newHelpCommand(a *app) *cobra.Command {
	var f settings.Flags
	cmd := &cobra.Command{
		Use:   "help [COMMAND | ID]",
		Short: "Show the help of a command, or explain a rule",
		Example: `  klplint help gate
  klplint help KLP208`,
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return append(subcommandNames(cmd.Root()), explainable()...), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			asked, rest, err := cmd.Root().Find(args)
			if err == nil && len(rest) == 0 {
				asked.InitDefaultHelpFlag()
				return asked.Help()
			}
			return a.explain(cmd, &f, args)
		},
	}
	f.AddConfig(cmd.Flags())
	return cmd
}

// subcommandNames are the words that may follow cmd.
func subcommandNames(cmd *cobra.Command) []string {
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name()+"\t"+sub.Short)
		}
	}
	return names
}
