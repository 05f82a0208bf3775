package main

import (
	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/suggest"
)

// group makes cmd a command that only holds others: alone it shows its help and
// counts as wrong usage, and a misspelt subcommand is answered with the nearest.
func group(a *app, cmd *cobra.Command, subcommands ...*cobra.Command) *cobra.Command {
	cmd.AddCommand(subcommands...)
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var names []string
		for _, sub := range cmd.Commands() {
			names = append(names, sub.Name())
		}
		if len(args) > 0 {
			return usageErrorf("%s has no subcommand %q%s", cmd.CommandPath(), args[0], suggest.DidYouMean(args[0], names))
		}
		cmd.SetOut(a.stderr)
		if err := cmd.Help(); err != nil {
			return err
		}
		return usageErrorf("no subcommand given")
	}
	return cmd
}
