package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
)

func newRegistryAdd(a *app, f *registryFlags) *cobra.Command {
	var (
		flags   settings.Flags
		record  recordFlags
		channel string
		state   string
	)
	cmd := &cobra.Command{
		Use:   "add [flags] PATH...",
		Short: "Record modules that were built elsewhere, without judging them",
		Long: `Add records livepatch modules as they are: all of them in one transaction, or none
when one cannot be read. Bytes that are in the channel already are left alone. To
judge them first, use klplint gate.

` + pathHelp + `

` + registryExit,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			recorded, err := parseState(state)
			if err != nil {
				return err
			}
			labels, err := record.labelMap()
			if err != nil {
				return err
			}
			s, err := a.resolve(cmd.Flags(), &flags)
			if err != nil {
				return err
			}
			entries, skipped, failed, err := a.readEntries(cmd.Context(), args, s)
			switch {
			case err != nil:
				return err
			case failed > 0:
				return uncheckedErrorf("nothing was added")
			case len(entries) == 0 && !s.Inputs.AllowEmpty:
				return uncheckedErrorf("no livepatch found: %d other files skipped", skipped)
			}
			at, by := now(), record.who(a)
			for _, e := range entries {
				e.Channel, e.Owner, e.State, e.Labels, e.AddedBy, e.AddedAt = channel, record.owner, recorded, labels, by, at
			}
			added, revision := 0, int64(0)
			err = f.write(cmd.Context(), a, true, func(tx *registry.Tx) error {
				var err error
				added, err = tx.Add(entries)
				revision = tx.Revision
				if added > 0 {
					revision = tx.Next()
				}
				return err
			})
			if err != nil {
				return err
			}
			if !a.common.quiet {
				a.errorf("%d of %d modules added, the others were already there; revision %d", added, len(entries), revision)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&channel, "channel", "", "put them into this `CHANNEL`")
	fs.StringVar(&state, "state", "active", "record them in this `STATE`: candidate, active or retired")
	record.register(fs)
	flags.AddReplaceField(fs)
	flags.AddInputs(fs)
	return cmd
}

// readEntries reads the livepatches among the inputs, and tells of what could not
// be read.
func (a *app) readEntries(ctx context.Context, args []string, s *settings.Settings) (entries []*registry.Entry, skipped, failed int, err error) {
	bar := a.newProgress("modules")
	defer bar.stop()
	o := readOptions(s, nil)
	o.SHA256 = true
	modules, err := a.modules(ctx, args, s.Inputs, o, bar.update)
	if err != nil {
		return nil, 0, 0, err
	}
	for r := range modules {
		switch {
		case r.wantLivepatch():
			skipped++
		case r.Problem != nil:
			failed++
			a.sayProblem(r.Problem)
		default:
			entries = append(entries, &registry.Entry{Module: r.Module})
		}
	}
	return entries, skipped, failed, nil
}

func newRegistryRetire(a *app, f *registryFlags) *cobra.Command {
	var choose filterFlags
	var record recordFlags
	cmd := &cobra.Command{
		Use:   "retire [flags] MODULE...",
		Short: "Mark modules as no longer shipped: gate compares with them no more",
		Long:  "Retire takes modules by " + whichHelp + "\n\n" + registryExit,
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.changeEntries(cmd, f, &choose, args, "retired", func(tx *registry.Tx, entries []*registry.Entry) error {
				var live []*registry.Entry
				for _, e := range entries {
					if e.State != registry.Retired {
						live = append(live, e)
					}
				}
				return tx.SetState(live, registry.Retired, registry.Change{By: record.who(a), At: now()})
			})
		},
	}
	choose.register(cmd)
	cmd.Flags().StringVar(&record.by, "by", "", "record this `NAME` as who does it (default: the user and the host)")
	return cmd
}

func newRegistryRemove(a *app, f *registryFlags) *cobra.Command {
	var choose filterFlags
	cmd := &cobra.Command{
		Use:   "remove [flags] MODULE...",
		Short: "Delete modules from the registry; nothing remembers them",
		Long:  "Remove takes modules by " + whichHelp + "\nA module that was shipped is better retired.\n\n" + registryExit,
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.changeEntries(cmd, f, &choose, args, "removed", func(tx *registry.Tx, entries []*registry.Entry) error {
				return tx.Remove(entries)
			})
		},
	}
	choose.register(cmd)
	return cmd
}

// changeEntries does something to the entries that words name, all or none.
func (a *app) changeEntries(cmd *cobra.Command, f *registryFlags, choose *filterFlags, args []string, done string, do func(*registry.Tx, []*registry.Entry) error) error {
	filter, err := choose.filter()
	if err != nil {
		return err
	}
	var entries []*registry.Entry
	err = f.write(cmd.Context(), a, false, func(tx *registry.Tx) error {
		var err error
		if entries, err = which(tx, filter, args); err != nil {
			return err
		}
		return do(tx, entries)
	})
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !a.common.quiet {
			a.errorf("%s %s", done, e.Path())
		}
	}
	return nil
}
