package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/flags"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/rules"
)

// kernelCommand is kernel's own part of the command line.
type kernelCommand struct {
	*app
	lookUps []string
}

func newKernelCommand(a *app) *cobra.Command {
	c := &kernelCommand{app: a}
	cmd := &cobra.Command{
		Use:   "kernel [flags] [PATH|RELEASE...]",
		Short: "Show what is known about a kernel, and the positions of a function in it",
		Long: `Kernel shows what a kernel's files tell about it: vmlinuz, vmlinux,
System.map, /proc/kallsyms, available_filter_functions, Module.symvers, .config,
BTF, a module directory, a .deb, .rpm or .tar of a kernel, unpacked ones, or a build
tree, in any combination; a RELEASE is what this machine has of it. Files of one
release form one kernel. Without a PATH it is the running kernel.

With --lookup OBJECT:FUNC or OBJECT:FUNC,SYMPOS it lists the positions of a name, as the kernel counts
them for sympos, and what the kernel answers to a livepatch that gives each; then the
other names of its address, the compiler's copies of it, the other entries of a system
call, and its prototype where the kernel's BTF tells it.

Exit code: 0 everything was read, and every name looked up can be patched; 1 a name
cannot; 2 something could not be read, or is not known; 3 wrong usage.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error { return c.run(args) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	flags.Array(fs, &c.lookUps, "lookup", "list the positions of `OBJECT:FUNC`, or judge OBJECT:FUNC,SYMPOS; OBJECT defaults to vmlinux; repeatable")
	return cmd
}

func (c *kernelCommand) run(args []string) error {
	// What is wrong in the arguments is said before a kernel is read.
	if _, err := c.choose(report.KernelFormats().Names()...); err != nil {
		return err
	}
	wanted := make([]klp.FuncName, len(c.lookUps))
	for i, spec := range c.lookUps {
		var err error
		if wanted[i], err = klp.ParseFuncName(spec); err != nil {
			return usageErrorf("--lookup: %w", err)
		}
	}
	if len(args) == 0 {
		running, err := os.ReadFile("/proc/sys/kernel/osrelease")
		if err != nil {
			return usageErrorf("no kernel given: klplint kernel [flags] PATH...")
		}
		release := strings.TrimSpace(string(running))
		if args = kernel.Discover(c.root, release); len(args) == 0 {
			return uncheckedErrorf("the running kernel %s has no files under /boot and /lib/modules", release)
		}
		if !c.common.quiet {
			c.errorf("the running kernel: %s", strings.Join(args, ", "))
		}
	}
	if err := c.guard(args...); err != nil {
		return err
	}
	kernels, err := c.loadKernels(args)
	if err != nil {
		return uncheckedErrorf("%w", err)
	}
	view := &report.Kernels{Kernels: kernels}
	code := exitcode.OK
	for _, k := range kernels {
		for _, f := range wanted {
			l := lookUp(k, f)
			view.LookUps = append(view.LookUps, l)
			code = max(code, lookUpCode(&l))
		}
	}
	err = render(c.app, report.KernelFormats(), view)
	if err == nil && code != exitcode.OK {
		return &exitError{code: code}
	}
	return err
}

// maxVerdicts bounds the positions that are listed: __pfx_ symbols and local
// names such as __func__ occur thousands of times.
const maxVerdicts = 1000

// lookUp asks one kernel for one func, by default of vmlinux; with a position it
// judges that one alone.
func lookUp(k *kernel.Kernel, f klp.FuncName) report.LookUp {
	object, name := cmp.Or(f.Object, klp.VmlinuxObjectName), f.Name
	l := report.LookUp{Release: k.Release(), Object: object, Name: name}
	o, err := k.Object(object)
	if err != nil {
		l.Error = err.Error()
		var none *kernel.NoSuchModule
		if errors.As(err, &none) {
			l.Rule = rules.ObjectRule().ID()
		}
		return l
	}
	l.SrcVersion = o.SrcVersion
	l.Positions = o.Positions(name)
	l.Derived = kernel.Derived(name)
	l.Aliases, l.Clones = relatedNames(o.Aliases(name, 1)), relatedNames(o.Clones(name))
	l.Twins, l.Compats = relatedNames(o.Twins(name)), relatedNames(o.Compats(name))
	if object == klp.VmlinuxObjectName && len(l.Positions) > 0 {
		l.Prototype = k.Prototype(name)
		l.Inlined = inlinedNames(k, name)
	}
	if len(l.Positions) > maxVerdicts {
		l.Positions = l.Positions[:maxVerdicts]
	}
	livepatch, reason := k.Livepatch()
	for sympos := range uint64(len(l.Positions)) + 1 {
		if f.Sympos > 0 && sympos != f.Sympos {
			continue
		}
		a := k.FindFunc(object, name, sympos)
		v := report.LookUpVerdict{Sympos: sympos, Status: a.Status, Errno: a.Refusal.Errno, Text: a.Refusal.Message}
		if r := rules.SymbolRule(a); r != nil {
			v.Rule = r.ID()
		} else if a.Status == klp.SymbolUnknown {
			v.Text = a.Reason
		} else if livepatch == klp.No {
			v.Rule, v.Errno, v.Text = "KLP312", "ENOEXEC", reason
		} else if offset := siteOffset(o, name, sympos); offset > 0 {
			v.Rule, v.Text = "KLP305", fmt.Sprintf("accepted without effect: the only place that ftrace knows in it is %#x bytes behind its entry, in code that is not its own", offset)
		}
		l.Verdicts = append(l.Verdicts, v)
	}
	if f.Sympos > uint64(len(l.Positions)) {
		a := k.FindFunc(object, name, f.Sympos)
		v := report.LookUpVerdict{Sympos: f.Sympos, Status: a.Status, Errno: a.Refusal.Errno, Text: a.Refusal.Message}
		if r := rules.SymbolRule(a); r != nil {
			v.Rule = r.ID()
		}
		l.Verdicts = append(l.Verdicts, v)
	}
	if len(l.Positions) == 0 {
		l.Similar = o.Similar(name)
	}
	return l
}

// siteOffset is kernel.Position.SiteOffset of the position that a sympos means.
func siteOffset(o *kernel.Object, name string, sympos uint64) uint64 {
	positions := o.Positions(name)
	if n := max(1, sympos); n <= uint64(len(positions)) {
		return positions[n-1].SiteOffset
	}
	return 0
}

// inlinedNames returns the functions into which one was inlined, each once; nil
// where no debug information tells.
func inlinedNames(k *kernel.Kernel, name string) []string {
	list, err := k.InlinedInto(name)
	if err != nil {
		return nil
	}
	var into []string
	for _, in := range list {
		if len(into) == 0 || into[len(into)-1] != in.Name {
			into = append(into, in.Name)
		}
	}
	return into
}

func relatedNames(list []kernel.Related) []string {
	var names []string
	for i := range list {
		names = append(names, list[i].Name)
	}
	return names
}

// lookUpCode: a name can be patched when some sympos works.
func lookUpCode(l *report.LookUp) int {
	if l.Error != "" {
		if l.Rule != "" {
			return exitcode.Findings
		}
		return exitcode.Unchecked
	}
	code := exitcode.Findings
	for _, v := range l.Verdicts {
		switch {
		case v.OK():
			return exitcode.OK
		case v.Status == klp.SymbolUnknown:
			code = exitcode.Unchecked
		}
	}
	return code
}
