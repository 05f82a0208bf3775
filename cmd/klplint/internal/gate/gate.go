package gate

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/rules"
)

// Config says what to judge, and as what to admit it.
type Config struct {
	Registry *registry.Registry
	// Lint has the candidates (Inputs), the choice of rules, the kernels and the
	// set options. Baseline and Keep are the gate's own.
	Lint lint.Config
	// Against are further already-built modules to compare with, which the
	// registry does not know.
	Against []lint.Source
	// Policy decides whether the candidates pass. Its rules are those of the run,
	// and that it is a gate's is said here.
	Policy policy.Policy

	// Channels narrows what is compared with; empty means all channels. The one
	// that the candidates go to is compared with in any case.
	Channels []string
	// Channel, Owner, Labels and By are recorded with what is admitted, and At,
	// the time (RFC 3339, UTC).
	Channel, Owner, By, At string
	Labels                 map[string]string
	// RetireReplaced retires the active modules that the admitted ones evict, of
	// the channel that these go to: what other channels ship is theirs.
	RetireReplaced bool
	// DryRun admits nothing.
	DryRun bool
}

// Outcome is the verdict.
type Outcome struct {
	Verdict *policy.Verdict
	Pass    bool
	// Revision is the registry's revision that the verdict rests on; where
	// something was recorded, the one that it made.
	Revision int64
	Modules  []Admission
	// Retired are the modules that the admitted ones evict, by path.
	Retired []*registry.Entry
	// Elsewhere are those that they evict too, and that stay active in another
	// channel.
	Elsewhere []*registry.Entry
	// Against are the registry's entries that findings name, by path.
	Against []*registry.Entry
	// Compared is the number of the registry's modules that were compared.
	Compared int
}

// Admission is what became of one candidate.
type Admission struct {
	Path, Name, SHA256 string
	Status             Status
	// Revision is the one in which it was admitted; 0 where it was not.
	Revision int64
	Module   *klp.Module
}

// Status is what became of a candidate.
type Status string

// The outcomes of a candidate.
const (
	Admitted      Status = "admitted"
	Already       Status = "already admitted" // these bytes are active in the channel
	WouldAdmit    Status = "would be admitted"
	Refused       Status = "refused"        // its own verdict, or the comparison
	RefusedBeside Status = "refused beside" // another one of the call was refused
)

// Run judges the candidates and admits all of them or none.
func Run(ctx context.Context, c Config) (*Outcome, error) {
	c.Policy.Gate = true
	if len(c.Channels) > 0 && !slices.Contains(c.Channels, c.Channel) {
		c.Channels = append(slices.Clone(c.Channels), c.Channel)
	}
	g := &gate{Config: c}
	if err := g.read(ctx); err != nil {
		return nil, err
	}
	run := c.Registry.Write
	if c.DryRun || !g.admissible() {
		run = c.Registry.Read // a verdict that keeps all out needs no lock
	}
	var out *Outcome
	err := run(ctx, func(tx *registry.Tx) error {
		var err error
		out, err = g.transaction(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out.Against, func(a, b *registry.Entry) int { return cmp.Compare(a.Path(), b.Path()) })
	return out, nil
}

// gate is one run: what was read, before the registry is asked.
type gate struct {
	Config
	alone   *lint.Result
	modules []*klp.Module // the livepatches, in the order of their paths
	against []*klp.Module
}

// read judges the candidates by the rules of one module, on a copy of the files.
func (g *gate) read(ctx context.Context) error {
	var copies snapshot
	defer copies.close()
	l := g.Lint
	l.Inputs = make([]lint.Source, 0, len(g.Lint.Inputs))
	for _, in := range g.Lint.Inputs {
		in, err := copies.source(in)
		if err != nil {
			return err
		}
		l.Inputs = append(l.Inputs, in)
	}
	l.Baseline, l.ModuleRulesOnly, l.Options.SHA256 = nil, true, true
	l.Keep = func(m *klp.Module) {
		if m.IsLivepatch() {
			g.modules = append(g.modules, m)
		}
	}
	var err error
	if g.alone, err = lint.Run(ctx, l); err != nil {
		return err
	}
	slices.SortFunc(g.modules, func(a, b *klp.Module) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.SHA256, b.SHA256))
	})
	return g.readAgainst(ctx)
}

func (g *gate) readAgainst(ctx context.Context) error {
	if len(g.Against) == 0 {
		return nil
	}
	l := g.Lint
	l.Inputs, l.Unusable, l.Baseline, l.Progress, l.ModuleRulesOnly, l.Options.SHA256 = g.Against, nil, nil, nil, true, true
	// One rule, which tells what is no livepatch.
	l.Enable, l.Disable = nil, nil
	l.Rules = slices.DeleteFunc(rules.All(), func(r *rules.Rule) bool { return r.ID() != "KLP100" })
	l.Keep = func(m *klp.Module) {
		if m.IsLivepatch() {
			g.against = append(g.against, m)
		}
	}
	r, err := lint.Run(ctx, l)
	if err != nil {
		return err
	}
	unusable := &lint.Result{Errors: r.Errors}
	for _, f := range r.Findings {
		unusable.Errors = append(unusable.Errors, lint.Error{Path: f.Module, Message: f.Message + ", and no baseline"})
	}
	g.alone = g.alone.Merged(unusable)
	slices.SortFunc(g.against, func(a, b *klp.Module) int { return cmp.Compare(a.Path, b.Path) })
	return nil
}

// admissible reports whether the candidates pass alone. What the comparison adds
// cannot make them pass then: findings and errors are only added to.
func (g *gate) admissible() bool {
	p := g.Policy
	p.Partial = true
	return p.Judge(g.alone).ExitCode == exitcode.OK
}

// transaction is what happens within one transaction. It may run again.
func (g *gate) transaction(tx *registry.Tx) (*Outcome, error) {
	out := &Outcome{Revision: tx.Revision}
	found := g.alone
	entries := make([]*registry.Entry, len(g.modules))
	for i, m := range g.modules {
		entries[i] = &registry.Entry{
			Module: m, Channel: g.Channel, Owner: g.Owner, State: registry.Active, Labels: g.Labels, AddedBy: g.By, AddedAt: g.At,
		}
	}
	known, err := tx.Lookup(entries)
	if err != nil {
		return nil, err
	}
	var fresh []*registry.Entry
	for i, e := range entries {
		if known[i].State != registry.Active {
			fresh = append(fresh, e)
		}
	}
	byPath := make(map[string]*registry.Entry)
	for _, group := range byKernel(fresh) {
		compared, err := g.compare(tx, group, out, byPath)
		if err != nil {
			return nil, err
		}
		found = found.Merged(compared)
	}
	out.Verdict = g.Policy.Judge(found)
	out.Pass = out.Verdict.ExitCode == exitcode.OK
	out.name(byPath)
	if out.Pass && len(fresh) > 0 {
		if err := g.admit(tx, fresh, entries, known, out); err != nil {
			return nil, err
		}
	}
	out.admissions(g, entries, known)
	return out, nil
}

// admissions says what became of each candidate.
func (out *Outcome) admissions(g *gate, entries []*registry.Entry, known map[int]registry.Existing) {
	failed := make(map[string]bool)
	for i := range out.Verdict.Modules {
		m := &out.Verdict.Modules[i]
		failed[m.Path] = m.Verdict == policy.Fail || m.Verdict == policy.Errored
	}
	for i, e := range entries {
		a := Admission{Path: e.Module.Path, Name: e.Module.Name, SHA256: e.Module.SHA256, Module: e.Module}
		switch {
		case known[i].State == registry.Active:
			a.Status, a.Revision = Already, known[i].Revision
		case out.Pass && g.DryRun:
			a.Status = WouldAdmit
		case out.Pass:
			a.Status, a.Revision = Admitted, out.Revision
		case failed[e.Module.Path] || len(entries) == 1:
			a.Status = Refused
		default:
			a.Status = RefusedBeside
		}
		out.Modules = append(out.Modules, a)
	}
}

// name keeps the entries that findings point at.
func (out *Outcome) name(byPath map[string]*registry.Entry) {
	named := make(map[string]bool)
	for i := range out.Verdict.Findings {
		for _, r := range out.Verdict.Findings[i].Related {
			if e := byPath[r.Module]; e != nil && !named[r.Module] {
				named[r.Module] = true
				out.Against = append(out.Against, e)
			}
		}
	}
}

// byKernel groups entries by the kernel they are for, in a fixed order.
func byKernel(entries []*registry.Entry) [][]*registry.Entry {
	groups := make(map[registry.Kernel][]*registry.Entry)
	for _, e := range entries {
		groups[e.Kernel()] = append(groups[e.Kernel()], e)
	}
	out := make([][]*registry.Entry, 0, len(groups))
	for _, g := range groups {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b []*registry.Entry) int {
		x, y := a[0].Kernel(), b[0].Kernel()
		return cmp.Or(cmp.Compare(x.Release, y.Release), cmp.Compare(x.Arch, y.Arch))
	})
	return out
}

// compare judges the candidates of one kernel against the registry.
func (g *gate) compare(tx *registry.Tx, group []*registry.Entry, out *Outcome, byPath map[string]*registry.Entry) (*lint.Result, error) {
	var baseline []*registry.Entry
	err := tx.Active(group[0].Kernel(), g.Channels, func(e *registry.Entry) error {
		baseline = append(baseline, e)
		byPath[e.Path()] = e
		return nil
	})
	if err != nil {
		return nil, err
	}
	out.Compared += len(baseline)
	r, err := g.judge(group, baseline)
	if err != nil {
		return nil, registry.Abort(err)
	}
	return r, nil
}

// judge runs the set rules over candidates and baseline of one kernel.
func (g *gate) judge(group, baseline []*registry.Entry) (*lint.Result, error) {
	var target klp.Target
	var members []*moduleset.Member
	for _, e := range group {
		if target == nil && g.Lint.Target != nil {
			target = g.Lint.Target(e.Module)
		}
		m := moduleset.NewMember(e.Module, false)
		m.Owner = e.Owner
		members = append(members, m)
	}
	for _, m := range g.against {
		if m.Vermagic.Release == group[0].Kernel().Release && m.Arch == group[0].Kernel().Arch {
			members = append(members, moduleset.NewMember(m, true))
		}
	}
	for _, e := range baseline {
		members = append(members, e.Member())
	}
	r, err := lint.RunSet(g.Lint, members, target)
	if err != nil {
		return nil, err
	}
	// What could not be compared is not admitted.
	for _, n := range r.NotEvaluated {
		if strings.HasPrefix(n.Needs, "kernel") {
			continue
		}
		path := n.Module
		if path == "" {
			path = group[0].Module.Path
		}
		r.Errors = append(r.Errors, lint.Error{Path: path, Rule: n.Rule, Message: n.Rule + " could not be evaluated: it needs " + n.Needs})
	}
	return r, nil
}

// admit records the candidates and what follows from it.
func (g *gate) admit(tx *registry.Tx, fresh, entries []*registry.Entry, known map[int]registry.Existing, out *Outcome) error {
	var evicted []eviction
	if g.RetireReplaced {
		var err error
		if evicted, err = g.evicted(tx, fresh); err != nil {
			return err
		}
	}
	for _, e := range evicted {
		if e.entry.Channel == g.Channel {
			out.Retired = append(out.Retired, e.entry)
		} else {
			out.Elsewhere = append(out.Elsewhere, e.entry)
		}
	}
	if g.DryRun {
		return nil
	}
	if _, err := tx.Add(fresh); err != nil {
		return err
	}
	change := registry.Change{By: g.By, At: g.At}
	for i := range entries {
		if x, ok := known[i]; ok && x.State != registry.Active {
			if err := tx.Activate(x, change); err != nil {
				return err
			}
		}
	}
	for _, e := range evicted {
		if e.entry.Channel != g.Channel {
			continue
		}
		change.ReplacedBy = e.by
		if err := tx.SetState([]*registry.Entry{e.entry}, registry.Retired, change); err != nil {
			return err
		}
	}
	out.Revision = tx.Next()
	return nil
}
