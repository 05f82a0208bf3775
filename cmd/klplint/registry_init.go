package main

import (
	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
)

func newRegistryInit(a *app, f *registryFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "init",
		Short: "Make a registry; gate and import do not create one",
		Long: `Init makes the tables of a registry, in a SQLite file or in a PostgreSQL database.
One that is there already is left as it is.

` + registryExit,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := f.open(cmd.Context(), a, toCreate)
			if err != nil {
				return err
			}
			defer r.Close()
			return wrapped(r.Read(cmd.Context(), func(tx *registry.Tx) error {
				if !a.common.quiet {
					a.errorf("registry %s (%s), revision %d", r.Name(), tx.UUID, tx.Revision)
				}
				return nil
			}))
		},
	}
}
