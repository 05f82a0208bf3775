package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/config"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
)

func newConfigCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show, check or begin the configuration " + config.Name,
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usageErrorf("no subcommand given: klplint config show, verify, init or schema")
		},
	}
	cmd.AddCommand(newConfigShow(a), newConfigVerify(a), newConfigInit(a), newConfigSchema(a))
	return cmd
}

func newConfigShow(a *app) *cobra.Command {
	c := &lintCommand{app: a}
	cmd := &cobra.Command{
		Use:   "show [flags]",
		Short: "Show what holds, and whether a flag, the environment or the file says so",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := a.settle(cmd.Flags(), &c.policy)
			if err != nil {
				return err
			}
			s := shown(cmd.Flags(), d)
			return a.render([]string{"text", "table", "json"}, func(format string, w io.Writer, o report.Options) error {
				switch format {
				case "json":
					return report.SettingsJSON(w, s)
				case "table":
					return report.SettingsTable(w, s, o)
				default:
					return report.SettingsText(w, s)
				}
			})
		},
	}
	c.register(cmd.Flags())
	return cmd
}

// shown gathers what holds.
func shown(fs *pflag.FlagSet, d *decisions) *report.Settings {
	s := &report.Settings{}
	if d.file != nil {
		s.File = d.file.Path
	}
	for _, k := range config.Keys() {
		f := fs.Lookup(k.Flag)
		if f == nil {
			continue
		}
		row := report.Setting{Key: k.Name, Flag: "--" + k.Flag, Env: k.Env(), Origin: d.origin[k.Flag]}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			row.Values = list.GetSlice()
		} else if value := f.Value.String(); value != "" {
			row.Values = []string{value}
		}
		if row.Origin == "" && k.Name == "fail-on" && d.profile.failOn != 0 {
			row.Values, row.Origin = []string{d.profile.failOn.String()}, "profile"
		}
		if row.Origin == "" {
			row.Origin = "default"
		}
		s.Settings = append(s.Settings, row)
	}
	for _, file := range d.sources {
		s.Waivers += len(file.Waivers)
		s.Custom += len(file.Custom)
	}
	return s
}

func newConfigVerify(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "verify [FILE]",
		Short: "Check a configuration without judging anything",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			c := &lintCommand{app: a}
			fs := pflag.NewFlagSet("verify", pflag.ContinueOnError)
			c.register(fs)
			path := config.Name
			if len(args) == 1 {
				path = args[0]
			} else if found, err := config.Find(); err != nil {
				return usageErrorf("configuration: %w", err)
			} else if found != "" {
				path = found
			}
			// What is found is judged as what it is: not named.
			if len(args) == 1 {
				if err := fs.Set("config", path); err != nil {
					return usageErrorf("%w", err)
				}
			}
			d, err := a.settle(fs, &c.policy)
			if err != nil {
				return err
			}
			if d.file == nil {
				return usageErrorf("no %s here or in a folder above; klplint config init writes one", config.Name)
			}
			if _, err := c.setOptions(d); err != nil {
				return err
			}
			if err := c.checkRules(d.all); err != nil {
				return err
			}
			if !a.common.quiet {
				fmt.Fprintf(a.stdout, "%s is in order\n", report.Escape(d.file.Path))
			}
			return nil
		},
	}
}

func newConfigInit(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a configuration that says what it can hold",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			path := config.Name
			if len(args) == 1 {
				path = args[0]
			}
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
			if errors.Is(err, fs.ErrExist) {
				return usageErrorf("%s is there already", path)
			}
			if err != nil {
				return uncheckedErrorf("%w", err)
			}
			_, err = strings.NewReader(config.Template()).WriteTo(f)
			if err := errors.Join(err, f.Close()); err != nil {
				return uncheckedErrorf("write %s: %w", path, err)
			}
			if !a.common.quiet {
				a.errorf("wrote %s", path)
			}
			return nil
		},
	}
}

func newConfigSchema(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Write the JSON schema of the configuration, for editors",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if _, err := a.stdout.Write(config.Schema()); err != nil {
				return uncheckedErrorf("write stdout: %w", err)
			}
			return nil
		},
	}
}
