package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/config"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
)

func newConfigCommand(a *app) *cobra.Command {
	return group(a, &cobra.Command{
		Use:   "config",
		Short: "Show, check or create the configuration " + config.Name,
	}, newConfigShow(a), newConfigVerify(a), newConfigInit(a), newConfigSchema(a))
}

func newConfigShow(a *app) *cobra.Command {
	var f settings.Flags
	cmd := &cobra.Command{
		Use:   "show [flags] [FILE]",
		Short: "Show the settings in effect, and whether each comes from a flag, the environment or the file",
		Long: `Show the settings in effect, and whether each comes from a flag, the environment
or the file: the FILE, that of --config, or the one that is found.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneConfig(cmd.Flags(), args); err != nil {
				return err
			}
			resolved, err := a.resolve(cmd.Flags(), &f)
			if err != nil {
				return err
			}
			return render(a, report.SettingsFormats(), shown(resolved))
		},
	}
	cmd.Flags().SortFlags = false
	f.AddLint(cmd.Flags())
	var place registryFlags
	place.registerPlace(cmd.Flags())
	return cmd
}

// shown is the report of what holds.
func shown(s *settings.Settings) *report.Settings {
	out := &report.Settings{File: s.File, Waivers: s.Waivers, Custom: s.Custom}
	for i := range s.Keys {
		v := &s.Keys[i]
		out.Settings = append(out.Settings, report.Setting{
			Key: v.Key.Name, Flag: "--" + v.Key.Flag, Env: v.Key.Env(), Values: v.Values, Origin: v.Origin,
		})
	}
	return out
}

// oneConfig takes the file of an argument for that of --config.
func oneConfig(fs *pflag.FlagSet, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if f := fs.Lookup("config"); f.Changed && f.Value.String() != args[0] {
		return usageErrorf("two configurations: %s and --config %s", args[0], f.Value)
	}
	if err := fs.Set("config", args[0]); err != nil {
		return usageErrorf("%w", err)
	}
	return nil
}

// missingPaths lists what a configuration names and nothing is called like. A
// pattern may fit nothing yet, a release need not be this machine's, and
// registries are made when they are first used.
func missingPaths(s *settings.Settings) []string {
	var missing []string
	for i := range s.Keys {
		v := &s.Keys[i]
		if !v.Key.Path || v.Key.Registry {
			continue
		}
		for _, path := range v.Values {
			if path == "" || path == "none" || strings.ContainsAny(path, "*?[") || v.Key.Flag == "kernel" && !strings.Contains(path, "/") {
				continue
			}
			if _, err := os.Stat(strings.TrimPrefix(path, "@")); errors.Is(err, fs.ErrNotExist) {
				missing = append(missing, fmt.Sprintf("%s: %s does not exist", v.Key.Name, path))
			}
		}
	}
	return missing
}

func newConfigVerify(a *app) *cobra.Command {
	var named string
	cmd := &cobra.Command{
		Use:   "verify [flags] [FILE]",
		Short: "Check a configuration file and the paths in it, without checking modules",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneConfig(cmd.Flags(), args); err != nil {
				return err
			}
			if named != "" {
				args = []string{named}
			}
			var f settings.Flags
			fs := pflag.NewFlagSet("verify", pflag.ContinueOnError)
			f.AddLint(fs)
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
			s, err := a.resolve(fs, &f)
			if err != nil {
				return err
			}
			if s.File == "" {
				return usageErrorf("no %s in this directory or its parents; klplint config init writes one", config.Name)
			}
			if missing := missingPaths(s); len(missing) > 0 {
				return usageErrorf("%s: %s", s.File, strings.Join(missing, "; "))
			}
			if !a.common.quiet {
				fmt.Fprintf(a.stdout, "%s is valid\n", report.Escape(s.File))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&named, "config", "", "the configuration `FILE` (default: the one that is found)")
	return cmd
}

func newConfigInit(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a configuration file with every key and its documentation",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			path := config.Name
			if len(args) == 1 {
				path = args[0]
			}
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
			if errors.Is(err, fs.ErrExist) {
				return usageErrorf("%s already exists", path)
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
