package main

import (
	"io"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/rules"
)

func newRulesCommand(a *app) *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List the rules, those of the configuration among them",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := a.listedRules(cmd.Flags(), &f)
			if err != nil {
				return err
			}
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
	f.register(cmd.Flags())
	return cmd
}

// builtinRules are the rules that klplint brings with it.
func builtinRules() []*rules.Rule { return slices.Concat(rules.All(), policy.Rules(nil, "")) }

// listedRules are the rules that klplint brings with it and those of the
// configuration.
func (a *app) listedRules(fs *pflag.FlagSet, f *configFlags) ([]*rules.Rule, error) {
	d, err := a.configuration(fs, f)
	if err != nil {
		return nil, err
	}
	err = a.customRules(d, f, builtinRules())
	return d.all, err
}
