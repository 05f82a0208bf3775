package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
	"github.com/klplint/klplint/cmd/klplint/internal/site"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace/plan"
)

func newRegistrySite(a *app, f *registryFlags) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "site --out DIR",
		Short: "Write pages about the registry, for a web server or a browser",
		Long: `Site writes static pages into a folder: the active livepatches of each kernel and
who patches what, the history of each lineage with a picture of its loads, and the
log. They need no server, no script and no network.

The address of a page depends on what it is about alone. Writing the site again
changes the pages that differ and removes those that are gone. What klplint did not
write it leaves alone: a folder with other files, or a page that was changed, is an
error. The list of its files is DIR/` + site.ListFile + `.

` + registryExit,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return usageErrorf("klplint registry site: want --out DIR")
			}
			r, err := f.open(cmd.Context(), a, toRead)
			if err != nil {
				return err
			}
			defer r.Close()
			folder, err := site.OpenFolder(out)
			if err != nil {
				return uncheckedErrorf("--out: %w", err)
			}
			defer folder.Close()
			if err := r.Read(cmd.Context(), func(tx *registry.Tx) error { return writeSite(tx, folder) }); err != nil {
				return wrapped(err)
			}
			n, err := folder.Finish()
			if err != nil {
				return uncheckedErrorf("--out: %w", err)
			}
			if !a.common.quiet {
				a.errorf("%s: %d pages", out, n)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "the folder `DIR` that the pages go to: a new or empty one, or that of a former site")
	return cmd
}

// writeSite writes all pages.
func writeSite(tx *registry.Tx, folder *site.Folder) error {
	version := buildVersion().Version
	write := func(name string, page func(io.Writer) error) error {
		if err := folder.Write(name, page); err != nil {
			return registry.Abort(uncheckedErrorf("--out: %w", err))
		}
		return nil
	}
	folder.Begin()
	var log []string
	s, err := site.Read(tx, drawn, func(name string, events []site.Event) error {
		log = append(log, name)
		return write(name, func(w io.Writer) error { return report.SiteLogPage(w, events, version) })
	})
	if err != nil {
		return err
	}
	for i := range s.Kernels {
		k := &s.Kernels[i]
		if err := write(k.Page, func(w io.Writer) error { return report.SiteKernel(w, k, version) }); err != nil {
			return err
		}
	}
	for i := range s.Lineages {
		l := &s.Lineages[i]
		if err := write(l.Page, func(w io.Writer) error { return report.SiteLineage(w, l, version) }); err != nil {
			return err
		}
	}
	if err := write(site.Log, func(w io.Writer) error { return report.SiteLog(w, log, s, version) }); err != nil {
		return err
	}
	return write(site.Index, func(w io.Writer) error { return report.SiteIndex(w, s, version) })
}

// drawn loads generations of a livepatch, of which no kernel is known, in their
// order. The modules' own fields decide the model.
func drawn(modules []*klp.Module) ([]plan.Trace, error) {
	traces, err := traced(modules, &targets{}, &settings.Model{})
	if err != nil {
		return nil, fmt.Errorf("these modules cannot be loaded one after the other: %w", err)
	}
	return traces, nil
}
