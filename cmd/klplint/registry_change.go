package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/input"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/lint"
)

func newRegistryAdd(a *app, f *registryFlags) *cobra.Command {
	var (
		inputs  inputFlags
		kernel  kernelFlags
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
			s, err := parseState(state)
			if err != nil {
				return err
			}
			labels, err := record.labelMap()
			if err != nil {
				return err
			}
			kernel.kernels = []string{"none"}
			files, problems := a.expand(args, &inputs)
			entries, skipped, unread := a.readEntries(files, elfread.Options{ReplaceField: kernel.field(), SHA256: true})
			problems = append(problems, unread...)
			for _, p := range problems {
				fmt.Fprintf(a.stderr, "klplint: %s\n", report.ProblemLine(p))
			}
			switch {
			case len(problems) > 0:
				return uncheckedErrorf("nothing was added")
			case len(entries) == 0 && !inputs.allowEmpty:
				return uncheckedErrorf("no livepatch found: %d other files skipped", skipped)
			}
			at, by := now(), record.who(a)
			for _, e := range entries {
				e.Channel, e.Owner, e.State, e.Labels, e.AddedBy, e.AddedAt = channel, record.owner, s, labels, by, at
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
				a.errorf("%d of %d modules added, the others were there already; revision %d", added, len(entries), revision)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&channel, "channel", "", "put them into this `CHANNEL`")
	fs.StringVar(&state, "state", "active", "record them in this `STATE`: candidate, active or retired")
	record.register(fs)
	fs.Var(&kernel.replaceField, "replace-field", "what stands in the slot of replace where the module cannot tell: flag, set or sets")
	kernel.replaceField.allowed = []string{"flag", "set", "sets"}
	inputs.register(fs)
	return cmd
}

// readEntries reads files one by one with one reader.
func (a *app) readEntries(files []input.File, o elfread.Options) (entries []*registry.Entry, skipped int, problems []lint.Error) {
	reader := elfread.NewReader(o)
	bar := a.newProgress("modules")
	defer bar.stop()
	for i := range files {
		m, err := readFile(reader, &files[i])
		switch {
		case err != nil:
			p := lint.Error{Path: files[i].Path, Message: err.Error()}
			if e, ok := errors.AsType[*elfread.Error](err); ok {
				p.Section, p.Offset, p.Message = e.Section, e.Offset, e.Err.Error()
			}
			problems = append(problems, p)
		case m.IsLivepatch():
			entries = append(entries, &registry.Entry{Module: m})
		case files[i].Named:
			problems = append(problems, lint.Error{Path: files[i].Path, Message: "not a livepatch module"})
		default:
			skipped++
		}
		bar.update(i+1, len(files))
	}
	return entries, skipped, problems
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
