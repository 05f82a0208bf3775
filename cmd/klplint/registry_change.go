package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/gate"
	"github.com/klplint/klplint/cmd/klplint/internal/policy"
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
when one cannot be read. A file that the channel has already is skipped. To judge the
modules first, use klplint gate.

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
			modules, skipped, failed, err := a.readPacked(cmd.Context(), args, s)
			switch {
			case err != nil:
				return err
			case failed > 0:
				return uncheckedErrorf("nothing was added")
			case len(modules) == 0 && !s.Inputs.AllowEmpty:
				return uncheckedErrorf("%s", noLivepatch(skipped))
			}
			at, by := now(), record.who(a)
			added, revision := 0, int64(0)
			err = f.write(cmd.Context(), a, toAdd, func(tx *registry.Tx) error {
				added = 0
				for part := range slices.Chunk(modules, 1000) {
					entries := make([]*registry.Entry, len(part))
					for i, packed := range part {
						m, err := packed.Module()
						if err != nil {
							return registry.Abort(err)
						}
						entries[i] = &registry.Entry{
							Module: m, Channel: channel, Owner: record.owner, State: recorded, Labels: labels, AddedBy: by, AddedAt: at,
						}
					}
					n, err := tx.Add(entries, registry.Added)
					if err != nil {
						return err
					}
					added += n
				}
				revision = tx.Revision
				if added > 0 {
					revision = tx.Next()
				}
				return nil
			})
			if err != nil {
				return err
			}
			if !a.common.quiet {
				a.errorf("%d of %d modules added without being judged (see registry check), the others were already there; revision %d", added, len(modules), revision)
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

// readPacked reads the livepatches among the inputs, and tells of what could not
// be read.
func (a *app) readPacked(ctx context.Context, args []string, s *settings.Settings) (list []registry.Packed, skipped, failed int, err error) {
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
			packed, err := registry.Pack(r.Module)
			if err != nil {
				return nil, 0, 0, uncheckedErrorf("%w", err)
			}
			list = append(list, packed)
		}
	}
	return list, skipped, failed, nil
}

func newRegistryRetire(a *app, f *registryFlags) *cobra.Command {
	var choose filterFlags
	var record recordFlags
	var judge judgeFlags
	var restore bool
	var reason string
	cmd := &cobra.Command{
		Use:   "retire [flags] MODULE...",
		Short: "Mark modules as no longer shipped: gate no longer compares with them",
		Long: `Retire takes modules by ` + whichHelp + `

Modules of the same channel that a retired one had replaced stay retired, and are named;
--restore makes them active again when nothing that is active conflicts with them, also
when the one that had replaced them is retired already. Else nothing is retired.

` + registryExit,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: f.complete(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, p, err := judge.config(a, cmd.Flags(), f)
			if err != nil {
				return err
			}
			words, err := moduleWords(args)
			if err != nil {
				return err
			}
			filter, err := choose.filter()
			if err != nil {
				return err
			}
			var r retirement
			err = f.write(cmd.Context(), a, toWrite, func(tx *registry.Tx) error {
				entries, err := which(tx, filter, words)
				if err != nil {
					return err
				}
				change := registry.Change{By: record.who(a), At: now(), Reason: reason}
				if r, err = retire(tx, entries, change); err != nil || !restore {
					return err
				}
				change.Reason = "restored"
				if r.verdict, err = gate.Activate(tx, l, p, r.replaced, change); err == nil && r.verdict.ExitCode != exitcode.OK {
					err = registry.Abort(errNotRestored)
				}
				return err
			})
			if errors.Is(err, errNotRestored) {
				// The refusal was undone with the rest, and the log is to have it.
				err = f.write(cmd.Context(), a, toWrite, func(tx *registry.Tx) error {
					return tx.Refuse(r.replaced, registry.Change{By: record.who(a), At: now(), Reason: "restore"})
				})
				if err != nil {
					return err
				}
				return a.sayRefused(r.verdict, "nothing was retired, and nothing is active again")
			}
			if err != nil {
				return err
			}
			a.sayRetired(&r, restore)
			return nil
		},
	}
	choose.register(cmd)
	registerBy(cmd.Flags(), &record)
	cmd.Flags().BoolVar(&restore, "restore", false, "make the modules active again that these had replaced")
	cmd.Flags().StringVar(&reason, "reason", "", "say `WHY`, for the log")
	judge.register(cmd.Flags())
	return cmd
}

// retirement is what retire does.
type retirement struct {
	live, before []*registry.Entry // retired now, and retired already
	replaced     []*registry.Entry // what these had replaced, but for those that were named too
	verdict      *policy.Verdict   // on making it active again; nil where nobody asked
}

func retire(tx *registry.Tx, entries []*registry.Entry, c registry.Change) (retirement, error) {
	var r retirement
	seen := make(map[int64]bool)
	for _, e := range entries {
		seen[e.ID()] = true
		if e.State == registry.Retired {
			r.before = append(r.before, e)
		} else {
			r.live = append(r.live, e)
		}
	}
	if err := tx.SetState(r.live, registry.Retired, registry.RetiredNow, c); err != nil {
		return r, err
	}
	for _, e := range entries {
		gone, err := tx.ReplacedBy(e)
		if err != nil {
			return r, err
		}
		for _, g := range gone {
			if !seen[g.ID()] {
				seen[g.ID()] = true
				r.replaced = append(r.replaced, g)
			}
		}
	}
	return r, nil
}

func (a *app) sayRetired(r *retirement, restore bool) {
	if a.common.quiet {
		return
	}
	for _, e := range r.live {
		a.errorf("retired %s", e.Path())
	}
	for _, e := range r.before {
		a.errorf("%s was retired before", e.Path())
	}
	for _, e := range r.replaced {
		if restore {
			a.errorf("active again: %s", e.Path())
		} else {
			a.errorf("it had replaced %s, which stays retired: --restore, or klplint registry activate, makes it active again", e.Path())
		}
	}
	switch {
	case restore && len(r.replaced) == 0:
		a.errorf("nothing was replaced that could be active again")
	case restore:
		a.sayUnread(r.verdict)
	}
}

// errNotRestored undoes a retirement whose restoration is refused.
var errNotRestored = errors.New("not restored")

func newRegistryRemove(a *app, f *registryFlags) *cobra.Command {
	var choose filterFlags
	var record recordFlags
	var reason string
	cmd := &cobra.Command{
		Use:               "remove [flags] MODULE...",
		Short:             "Delete modules from the registry; the log alone remembers them",
		Long:              "Remove takes modules by " + whichHelp + "\nA module that was shipped is better retired.\n\n" + registryExit,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: f.complete(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			words, err := moduleWords(args)
			if err != nil {
				return err
			}
			filter, err := choose.filter()
			if err != nil {
				return err
			}
			var entries []*registry.Entry
			err = f.write(cmd.Context(), a, toWrite, func(tx *registry.Tx) error {
				var err error
				if entries, err = which(tx, filter, words); err != nil {
					return err
				}
				return tx.Remove(entries, registry.Change{By: record.who(a), At: now(), Reason: reason})
			})
			if err != nil {
				return err
			}
			for _, e := range entries {
				if !a.common.quiet {
					a.errorf("removed %s", e.Path())
				}
			}
			return nil
		},
	}
	choose.register(cmd)
	registerBy(cmd.Flags(), &record)
	cmd.Flags().StringVar(&reason, "reason", "", "say `WHY`, for the log")
	return cmd
}
