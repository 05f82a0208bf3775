package main

import (
	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
)

func newRulesCommand(a *app) *cobra.Command {
	var f settings.Flags
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List the rules, including those of the configuration",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.resolve(cmd.Flags(), &f)
			if err != nil {
				return err
			}
			return render(a, report.RulesFormats(), s.Rules)
		},
	}
	f.AddConfig(cmd.Flags())
	return cmd
}
