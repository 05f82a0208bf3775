package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
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
			bar := a.newProgress("modules")
			err := f.read(cmd.Context(), a, func(tx *registry.Tx) error {
				if stdout, ok := a.stdout.(*os.File); o.dest != "" || !ok || !isTerminal(stdout) {
					tx.Progress = bar.update // and not among the lines
				}
				return tx.Export(o)
			})
			bar.stop()
			if err != nil {
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
		Long: `Import adds the entries of an exported registry, with their states, owners and labels:
a thousand in each transaction, so that a gate need not wait for the end. Entries that are
there already stay as they are: what was interrupted, or stopped at a line that cannot be
read, is taken up again by the same command. Nothing is judged: klplint registry check does
that. A registry that does not exist is not made: klplint registry init does that.

` + registryExit,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			source := "-"
			if len(args) > 0 {
				source = args[0]
			}
			in, name, size, err := a.openImport(source)
			if err != nil {
				return uncheckedErrorf("import: %w", err)
			}
			defer in.Close() //nolint:errcheck // it was read
			bar := a.newProgress("KiB")
			defer bar.stop()
			counted := &countingReader{from: in}
			from, err := registry.NewExportReader(counted)
			if err != nil {
				return uncheckedErrorf("%s: %w", name, err)
			}
			r, err := f.open(cmd.Context(), a, toWrite)
			if err != nil {
				return err
			}
			defer r.Close()
			added, all := 0, 0
			for b := range batches(from, counted) {
				n := 0
				if len(b.entries) > 0 {
					err = wrapped(r.Write(cmd.Context(), func(tx *registry.Tx) error {
						var err error
						n, err = tx.Add(b.entries, registry.Imported)
						return err
					}))
				}
				if err == nil && b.err != nil {
					err = uncheckedErrorf("%s: %w", name, b.err)
				}
				added, all = added+n, all+len(b.entries)
				if err != nil {
					break
				}
				if size > 0 {
					bar.update(int(b.read>>10), int(max(size, b.read)>>10))
				}
			}
			bar.stop()
			a.sayImported(added, all)
			return err
		},
	}
}

// importBatch is what is added in one transaction.
type importBatch struct {
	entries []*registry.Entry
	err     error // behind them; nil at the end of the file too
	read    int64 // bytes so far
}

// batches reads the next entries while the last ones are added.
func batches(from *registry.ExportReader, counted *countingReader) iter.Seq[importBatch] {
	return func(yield func(importBatch) bool) {
		const batch = 1000
		next, left := make(chan importBatch), make(chan struct{})
		defer close(left)
		go func() {
			defer close(next)
			for {
				entries, err := from.Read(batch)
				b := importBatch{entries, err, counted.n}
				if errors.Is(err, io.EOF) {
					b.err = nil
				}
				select {
				case next <- b:
				case <-left:
					return
				}
				if err != nil {
					return
				}
			}
		}()
		for b := range next {
			if !yield(b) {
				return
			}
		}
	}
}

func (a *app) sayImported(added, all int) {
	if !a.common.quiet {
		a.errorf("%d of %d modules added, not judged (see registry check), the others were already there", added, all)
	}
}

// openImport opens what is imported; its size is 0 where that is not known.
func (a *app) openImport(source string) (in io.ReadCloser, name string, size int64, err error) {
	if source == "-" {
		return io.NopCloser(a.stdin), "stdin", 0, nil
	}
	file, err := os.Open(source)
	if err != nil {
		return nil, "", 0, err
	}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	return file, source, size, nil
}

// countingReader counts what was read.
type countingReader struct {
	from io.Reader
	n    int64
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	r.n += int64(n)
	return n, err
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
			bar := a.newProgress("modules")
			err := f.read(cmd.Context(), a, func(tx *registry.Tx) error {
				var err error
				tx.Progress = bar.update
				problems, err = tx.Verify()
				revision = tx.Revision
				return err
			})
			bar.stop()
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
