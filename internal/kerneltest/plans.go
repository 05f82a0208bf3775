package kerneltest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/replace/plan"
)

// Plans are plans for one boot of a kernel, and the modules that their steps
// load, by name. Plans of one module's name describe one module.
type Plans struct {
	names   []string
	plans   []*plan.Plan
	sources map[string]string
}

// holder is the module that is another user of ftrace: see plan.Hold.
const holder = "klpplan_hold"

// LoadPlans reads the plans of some files.
func LoadPlans(files []string) (*Plans, error) {
	p := &Plans{sources: map[string]string{holder: holderSource}}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		one, err := plan.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, m := range one.Modules {
			source, err := planSource(m)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			if known, ok := p.sources[m.Name]; ok && known != source {
				return nil, fmt.Errorf("%s: %s is another module than in the plans before", file, m.Name)
			}
			p.sources[m.Name] = source
		}
		p.names = append(p.names, strings.TrimSuffix(filepath.Base(file), ".yaml"))
		p.plans = append(p.plans, one)
	}
	return p, nil
}

// Build compiles the modules of the plans into a folder, as NAME.ko.
func (p *Plans) Build(ctx context.Context, headers, folder string) error {
	var kbuild strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p.sources)) {
		if err := os.WriteFile(filepath.Join(folder, name+".c"), []byte(p.sources[name]), 0o600); err != nil {
			return err
		}
		fmt.Fprintf(&kbuild, "obj-m += %s.o\n", name)
	}
	if err := os.WriteFile(filepath.Join(folder, "Kbuild"), []byte(kbuild.String()), 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "make", "-s", "-j2", "-C", headers, "M="+folder, "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the modules of the plans: %w\n%s", err, output)
	}
	return nil
}

// Planned is what a kernel answered to a step of a plan.
type Planned struct {
	Errno   string            // OK, or an errno's name
	Stalled bool              // the transition did not end
	Calls   []string          // the callbacks that ran, each as "pre_patch vmlinux"
	Active  []string          // names of the enabled livepatches, sorted
	Owners  map[string]string // whose code runs, of the funcs that a file of /proc answers
}

// foretoldOf is what a step of a trace says that the kernel answers; stalled: a
// transition of a step before it has not ended.
func foretoldOf(r *plan.Result, stalled bool) Planned {
	out := Planned{Errno: "OK", Stalled: stalled || r.Decision.Outcome == replace.Stalled, Owners: map[string]string{}}
	if r.Decision.Errno != "" {
		out.Errno = r.Decision.Errno
	}
	for i := range r.Decision.Calls {
		out.Calls = append(out.Calls, string(r.Decision.Calls[i].Kind)+" "+r.Decision.Calls[i].Object)
	}
	for _, a := range r.Active {
		out.Active = append(out.Active, a.Name)
	}
	slices.Sort(out.Active)
	for fn, name := range r.Owners {
		if _, file, _ := strings.Cut(fn, ":"); answersFile[file] {
			out.Owners[fn] = name
		}
	}
	return out
}

// answersFile are the patched funcs that print a file of /proc.
var answersFile = map[string]bool{"cmdline_proc_show": true, "meminfo_proc_show": true, "test_klp_mod_target_show": true}

// script writes the plans as guest/plan.c reads them.
func (p *Plans) script() (string, error) {
	var b strings.Builder
	for i, one := range p.plans {
		fmt.Fprintf(&b, "plan %s\n", p.names[i])
		g := planScript{b: &b, refuses: map[string]int{}, loaded: map[string]bool{}}
		for s := range one.Steps {
			step := &one.Steps[s]
			g.blocks = g.blocks || step.Stalls
			g.holds = g.holds || step.Op == plan.Hold
		}
		// A tracer is none of a plan's steps.
		trace := func(text string) {
			if text != "" {
				fmt.Fprintf(&b, "quietly /sys/kernel/tracing/set_ftrace_filter %s\n", text)
			}
			fmt.Fprintf(&b, "quietly /sys/kernel/tracing/current_tracer %s\n", map[bool]string{true: "function", false: "nop"}[text != ""])
		}
		for s := range one.Steps {
			if strings.HasSuffix(p.names[i], "-traced-before") && s == 0 || strings.HasSuffix(p.names[i], "-traced-afterwards") && s == 1 {
				trace("cmdline_proc_show")
			}
			if err := g.step(&one.Steps[s]); err != nil {
				return "", fmt.Errorf("%s: step %d: %w", p.names[i], s+1, err)
			}
		}
		trace("")
	}
	return b.String(), nil
}

// planScript writes the steps of one plan.
type planScript struct {
	b       *strings.Builder
	refuses map[string]int  // what pre_patch returns, by module
	loaded  map[string]bool // by name
	blocks  bool            // a transition stalls: the busy target sleeps in its func
	stalled bool            // one has not ended
	holds   bool            // somebody comes to the func: the kprobe of the target would be in the way
}

// stalledAfter reports whether a transition that stalls goes on after a step: a
// disable reverses it.
func stalledAfter(op plan.Op, stalls bool) bool { return stalls && op != plan.Disable }

func (g *planScript) step(s *plan.Step) error {
	if g.stalled = stalledAfter(s.Op, g.stalled || s.Stalls); g.stalled {
		g.b.WriteString("stalls\n")
	}
	switch s.Op {
	case plan.Load:
		g.load(s)
	case plan.Disable:
		fmt.Fprintf(g.b, "write /sys/kernel/livepatch/%s/enabled 0\n", s.Module.Name)
	case plan.Unload:
		fmt.Fprintf(g.b, "unload %s\n", s.Module.Name)
		g.loaded[s.Module.Name] = false
	case plan.Set:
		n, err := errnoNumber(s.Errno)
		if err != nil {
			return err
		}
		g.refuses[s.Module.Name] = n
		if g.loaded[s.Module.Name] {
			fmt.Fprintf(g.b, "write /sys/module/%s/parameters/pre_patch_ret -%d\n", s.Module.Name, n)
		} else { // it is a parameter of its load; this step only waits
			g.b.WriteString("write /dev/null -\n")
		}
	case plan.Hold:
		fmt.Fprintf(g.b, "load /m/%s.ko symbol=%s\n", holder, s.Func.Name)
	case plan.Release:
		fmt.Fprintf(g.b, "unload %s\n", holder)
	case plan.Ftrace:
		fmt.Fprintf(g.b, "write /proc/sys/kernel/ftrace_enabled %d\n", map[bool]int{true: 1}[s.On])
	default:
		return fmt.Errorf("%s: the guest has nothing for it", s.Op)
	}
	return nil
}

func (g *planScript) load(s *plan.Step) {
	name := s.Module.Name
	fmt.Fprintf(g.b, "load /m/%s.ko", name)
	for _, p := range s.Params {
		fmt.Fprintf(g.b, " %s=%s", p.Name, p.Value)
	}
	if n := g.refuses[name]; n > 0 {
		fmt.Fprintf(g.b, " pre_patch_ret=-%d", n)
	}
	if g.blocks && name == busyTarget {
		g.b.WriteString(" block=1")
	}
	if g.holds && name == probeTarget {
		g.b.WriteString(" probe=0")
	}
	g.b.WriteByte('\n')
	g.loaded[name] = true
}

// errnoNumber is the number of an errno on Linux.
func errnoNumber(name string) (int, error) {
	for n := 1; n < 256; n++ {
		if unix.ErrnoName(syscall.Errno(n)) == name {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%q is no errno", name)
}

// RunPlans boots the kernel once and makes the steps of all plans with the modules of
// a folder. It returns what the kernel answered, by plan.
func (m *Machine) RunPlans(ctx context.Context, p *Plans, folder string) (map[string][]Planned, error) {
	script, err := p.script()
	if err != nil {
		return nil, err
	}
	initramfs := filepath.Join(m.Work, "initramfs")
	if err := m.planInitramfs(initramfs, script, p, folder); err != nil {
		return nil, fmt.Errorf("initramfs: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, planLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64", append(m.arguments(initramfs), "-monitor", "none")...)
	records, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	answers, err := readPlanned(records)
	cancel()
	_ = cmd.Wait() // it was killed, or is off
	return answers, err
}

// planLimit bounds one boot with all plans.
const planLimit = 10 * time.Minute

func (m *Machine) planInitramfs(path, script string, p *Plans, folder string) error {
	var b bytes.Buffer
	c := cpio{w: &b}
	for _, folder := range []string{"dev", "m", "proc", "sys"} {
		c.folder(folder)
	}
	c.special("dev/console", 5, 1)
	if err := c.copyFile("init", m.Init); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(p.sources)) {
		if err := c.copyFile("m/"+name+".ko", filepath.Join(folder, name+".ko")); err != nil {
			return err
		}
	}
	c.file("script", 0o644, []byte(script))
	c.trailer()
	if c.err != nil {
		return c.err
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}

// readPlanned reads the guest's records up to "done". A guest that says nothing more
// before it is an error, with what it had said.
func readPlanned(records io.Reader) (map[string][]Planned, error) {
	answers := map[string][]Planned{}
	name := ""
	lines := bufio.NewScanner(records)
	for lines.Scan() {
		kind, rest, _ := strings.Cut(strings.TrimRight(lines.Text(), "\r"), " ")
		switch kind {
		case "plan":
			name = rest
			continue
		case "step":
			answers[name] = append(answers[name], Planned{Owners: map[string]string{}})
			continue
		case "done":
			return answers, nil
		}
		steps := answers[name]
		if len(steps) == 0 {
			return answers, fmt.Errorf("%w: %q before a step", errRecord, lines.Text())
		}
		step := &steps[len(steps)-1]
		switch kind {
		case "errno":
			step.Errno = rest
		case "stalled":
			step.Stalled = true
		case "log":
			step.Calls = append(step.Calls, rest)
		case "active":
			step.Active = append(step.Active, rest)
		case "owner":
			fn, owner, _ := strings.Cut(rest, " ")
			step.Owners[fn] = owner
		case "end":
			slices.Sort(step.Active)
		default:
			return answers, fmt.Errorf("%w: %q", errRecord, lines.Text())
		}
	}
	return answers, errors.Join(fmt.Errorf("the guest ended in plan %s, step %d", name, len(answers[name])), lines.Err())
}
