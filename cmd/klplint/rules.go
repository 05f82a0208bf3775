package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
)

func newRulesCommand(a *app) *cobra.Command {
	var f settings.Flags
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List the rules, those of the configuration among them",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.resolve(cmd.Flags(), &f)
			if err != nil {
				return err
			}
			all := s.Rules
			return a.render([]string{"text", "table", "json"}, func(format string, w io.Writer, o report.Options) error {
				switch format {
				case "json":
					return report.RulesJSON(w, all)
				case "table":
					return report.RulesTable(w, all, o)
				default:
					return report.RulesText(w, all)
				}
			})
		},
	}
	f.AddConfig(cmd.Flags())
	return cmd
}
