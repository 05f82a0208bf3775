package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
)

func newRegistryExport(a *app, f *registryFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "export [FILE]",
		Short: "Write the whole registry as lines of JSON, to FILE or stdout",
		Long: `Export writes one state of the whole registry, for a backup or to move it from
SQLite to PostgreSQL: klplint registry import reads it.

` + registryExit,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := &output{name: "stdout"}
			if len(args) > 0 && args[0] != "-" {
				o.dest, o.name = args[0], args[0]
				a.writes = append(a.writes, written{flag: "export", path: args[0]})
			}
			if err := a.guard(); err != nil {
				return err
			}
			if err := a.open(o); err != nil {
				return err
			}
			outs := []*output{o}
			if err := f.read(cmd.Context(), a, func(tx *registry.Tx) error { return tx.Export(o) }); err != nil {
				a.discardOutputs(outs)
				return err
			}
			return a.closeOutputs(outs)
		},
	}
}

func newRegistryImport(a *app, f *registryFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "import [FILE]",
		Short: "Add what export wrote, from FILE or stdin",
		Long: `Import adds the entries of an exported registry in one transaction, with their
states, owners and labels. Entries that are there already stay as they are. Nothing is judged:
klplint registry check does that.

` + registryExit,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var in io.Reader = a.stdin
			name := "stdin"
			if len(args) > 0 && args[0] != "-" {
				file, err := os.Open(args[0])
				if err != nil {
					return uncheckedErrorf("import: %w", err)
				}
				defer file.Close()
				in, name = file, args[0]
			}
			entries, err := registry.ReadExport(in)
			if err != nil {
				return uncheckedErrorf("%s: %w", name, err)
			}
			added := 0
			err = f.write(cmd.Context(), a, toAdd, func(tx *registry.Tx) error {
				var err error
				added, err = tx.Add(entries, registry.Imported)
				return err
			})
			if err == nil && !a.common.quiet {
				a.errorf("%d of %d modules added, not judged (see registry check), the others were already there", added, len(entries))
			}
			return err
		},
	}
}

func newRegistryVerify(a *app, f *registryFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Check that the registry is whole and does not contradict itself",
		Long: `Verify holds each row against its digest and its module's document, the indexes
against the modules, each entry of the log against the one before it, and asks
SQLite for damage in the file.

` + registryExit,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var problems []string
			revision := int64(0)
			err := f.read(cmd.Context(), a, func(tx *registry.Tx) error {
				var err error
				problems, err = tx.Verify()
				revision = tx.Revision
				return err
			})
			for _, p := range problems {
				fmt.Fprintln(a.stdout, report.Escape(p))
			}
			switch {
			case err != nil:
				return err
			case len(problems) > 0:
				return &exitError{code: exitcode.Findings}
			case !a.common.quiet:
				a.errorf("the registry is sound; revision %d", revision)
			}
			return nil
		},
	}
}
