package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/input"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// dumpCommand is dump's own part of the command line.
type dumpCommand struct {
	*app
	inputs inputFlags
	kernel kernelFlags
}

func newDumpCommand(a *app) *cobra.Command {
	c := &dumpCommand{app: a}
	cmd := &cobra.Command{
		Use:   "dump [flags] PATH...",
		Short: "Show what each module patches and replaces",
		Long: `Dump shows what each module patches, what it replaces and how that is known,
its callbacks, states and livepatch relocations. It judges nothing.

` + pathHelp + `

Exit code: 0 all was read; 2 something could not be read; 3 wrong usage.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	c.kernel.register(fs)
	c.inputs.register(fs)
	return cmd
}

func (c *dumpCommand) run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return usageErrorf("no module given: klplint dump [flags] PATH...")
	}
	outs, err := c.outputs("text", "table", "json", "manifest")
	if err != nil {
		return err
	}
	t, err := c.targets(&c.kernel)
	if err != nil {
		c.discardOutputs(outs)
		return err
	}
	files, problems := c.expand(args, &c.inputs)
	d := dump{app: c.app, dumpers: dumpers(outs)}
	for _, p := range problems {
		d.problem(p)
	}
	o := elfread.Options{Layout: t.layout(), ReplaceField: c.kernel.field(), SHA256: hashed(outs)}
	d.all(ctx, files, o)
	if d.total.Modules+d.total.Others+d.total.Problems == 0 && !c.inputs.allowEmpty {
		d.problem(lint.Error{Path: args[0], Message: fmt.Sprintf("no livepatch found: %d other files skipped", d.total.Skipped)})
	}
	for _, p := range d.dumpers {
		_ = p.Close(d.total) // a write error is kept by the output
	}
	if err := c.closeOutputs(outs); err != nil {
		return err
	}
	inTable := slices.ContainsFunc(outs, func(o *output) bool { return o.format == "table" && o.file == nil })
	if !inTable && !c.common.quiet {
		c.errorf("%s", d.total)
	}
	if d.total.Problems > 0 {
		return &exitError{code: exitcode.Unchecked}
	}
	return nil
}

func dumpers(outs []*output) []report.Dumper {
	list := make([]report.Dumper, len(outs))
	for i, o := range outs {
		switch o.format {
		case "json":
			list[i] = report.NewDumpJSON(o)
		case "manifest":
			list[i] = report.NewDumpManifest(o)
		case "table":
			list[i] = report.NewDumpTable(o, o.options)
		default:
			list[i] = report.NewDumpText(o)
		}
	}
	return list
}

// dump is one run: modules are written in the order of the arguments as soon
// as they are read, so that memory does not grow with their number.
type dump struct {
	*app
	dumpers []report.Dumper
	total   report.DumpTotal
}

// read is one file's outcome.
type read struct {
	module *klp.Module
	err    error
}

// all reads the files with several workers and writes them in their order.
func (d *dump) all(ctx context.Context, files []input.File, o elfread.Options) {
	jobs := d.common.jobs
	if jobs < 1 {
		jobs = runtime.GOMAXPROCS(0)
	}
	jobs = min(jobs, len(files))
	if jobs <= 1 {
		r := elfread.NewReader(o)
		for _, f := range files {
			m, err := readFile(r, &f)
			d.file(f, read{m, err})
		}
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// Worker i reads files i, i+jobs, i+2*jobs... and holds a few ready.
	const ahead = 4
	ready := make([]chan read, jobs)
	for i := range ready {
		ready[i] = make(chan read, ahead)
		go func() {
			r := elfread.NewReader(o)
			for j := i; j < len(files); j += jobs {
				m, err := readFile(r, &files[j])
				select {
				case ready[i] <- read{m, err}:
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	for i, f := range files {
		d.file(f, <-ready[i%jobs])
	}
}

// file writes one outcome.
func (d *dump) file(f input.File, r read) {
	if r.err != nil {
		p := lint.Error{Path: f.Path, Message: r.err.Error()}
		if e, ok := errors.AsType[*elfread.Error](r.err); ok {
			p.Section, p.Offset, p.Message = e.Section, e.Offset, e.Err.Error()
		}
		d.problem(p)
		return
	}
	if !r.module.IsLivepatch() && !f.Named {
		d.total.Skipped++
		return
	}
	d.total.Count(r.module)
	for _, p := range d.dumpers {
		_ = p.Module(r.module) // a write error is kept by the output
	}
}

// problem tells of a file that could not be read, on stderr and in the
// reports that have a place for it.
func (d *dump) problem(p lint.Error) {
	d.total.Problems++
	fmt.Fprintf(d.stderr, "klplint: %s\n", report.ProblemLine(p))
	for _, dumper := range d.dumpers {
		_ = dumper.Problem(p) // a write error is kept by the output
	}
}
