package gate

import (
	"cmp"
	"context"
	"slices"

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

	// Basis says what else decides.
	Basis Basis

	// Channels narrows what is compared with, beside Channel; empty means all
	// channels.
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
	// Judged is called when the verdict is known and what was compared is let go, before
	// anything is written; nil for nothing. It may be called again.
	Judged func()
	// Named bounds Outcome.Against, and of what is evicted paths are enough; 0 means no
	// bound, and whole entries.
	Named int
}

// Run judges the candidates and admits all of them or none.
func Run(ctx context.Context, c Config) (*Outcome, error) {
	c.Policy.Gate, c.Lint.Set.EitherOrder = true, true
	if len(c.Channels) > 0 && !slices.Contains(c.Channels, c.Channel) {
		c.Channels = append(slices.Clone(c.Channels), c.Channel)
	}
	g := &gate{Config: c}
	if err := g.read(ctx); err != nil {
		return nil, err
	}
	run := c.Registry.Write // a refusal is written down too
	if c.DryRun {
		run = c.Registry.Read
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
	targets := make(map[string]bool) // ordinary modules of a kernel that is known
	l.Keep = func(m *klp.Module) {
		switch {
		case m.IsLivepatch():
			g.against = append(g.against, m)
		case m.Kind == klp.KindModule && l.Target != nil && l.Target(m) != nil:
			targets[m.Path] = true
		}
	}
	r, err := lint.Run(ctx, l)
	if err != nil {
		return err
	}
	unusable := &lint.Result{Errors: r.Errors}
	for _, f := range r.Findings {
		if targets[f.Module] {
			continue
		}
		unusable.Errors = append(unusable.Errors, lint.Error{Path: f.Module, Message: f.Message + ", and no baseline"})
	}
	g.alone = g.alone.Merged(unusable)
	slices.SortFunc(g.against, func(a, b *klp.Module) int { return cmp.Compare(a.Path, b.Path) })
	return nil
}

// transaction is what happens within one transaction. It may run again.
func (g *gate) transaction(tx *registry.Tx) (*Outcome, error) {
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
	if out, err := g.judgedBefore(tx, entries, known); out != nil || err != nil {
		return out, err
	}
	out := &Outcome{Revision: tx.Revision}
	found := g.alone
	var baseline []registry.Peer
	standing := make(map[moduleset.Kernel][]registry.Peer)
	withdrawn := make(map[*registry.Entry]string)
	uncompared := len(entries) == 0
	for _, group := range byKernel(entries) {
		c, err := g.compare(tx, group)
		if err != nil {
			return nil, err
		}
		standing[group[0].Kernel()] = c.active
		out.Compared += len(c.baseline)
		found = found.Merged(c.result)
		uncompared = uncompared || c.alone
		baseline = append(baseline, c.baseline...)
		if err := g.withdrawn(tx, group, c.baseline, withdrawn); err != nil {
			return nil, err
		}
	}
	out.Verdict = g.Policy.Judge(found)
	out.Pass = out.Verdict.ExitCode == exitcode.OK
	named := out.named(baseline)
	if g.Named > 0 && len(named) > g.Named {
		named, out.Unnamed = named[:g.Named], len(named)-g.Named
	}
	ids := make([]int64, len(named))
	for i := range named {
		ids[i] = named[i].ID()
	}
	if out.Against, err = tx.Again(ids); err != nil {
		return nil, err
	}
	if out.Pass && g.RetireReplaced {
		if err := g.evictions(tx, fresh(entries, known), standing, out); err != nil {
			return nil, err
		}
	}
	if g.Judged != nil {
		g.Judged()
	}
	if out.Pass && !g.DryRun {
		if err := g.admit(tx, entries, known, out); err != nil {
			return nil, err
		}
	}
	out.admissions(g, entries, known, withdrawn)
	statement, err := g.statement(tx, out, uncompared)
	if err != nil {
		return nil, registry.Abort(err)
	}
	out.Statement = statement
	switch {
	case g.DryRun || len(entries) == 0:
		return out, nil
	case out.Pass:
		return out, tx.Record(g.Basis.Digest(), string(statement), entries)
	}
	return out, g.refuse(tx, entries, out)
}

// judgedBefore returns the outcome for files that are active, and were judged
// together under this policy: the statement of that time. It returns nil where
// there is something to judge.
func (g *gate) judgedBefore(tx *registry.Tx, entries []*registry.Entry, known map[int]registry.Existing) (*Outcome, error) {
	subjects := make([]registry.Subject, len(entries))
	for i, e := range entries {
		if known[i].State != registry.Active || known[i].Admitted == 0 {
			return nil, nil
		}
		subjects[i] = registry.Subject{Existing: known[i], SHA256: e.Module.SHA256}
	}
	// A file may be one that cannot be read now. The rules over sets do not run, and so
	// no waiver is called unused.
	alone := g.Policy
	alone.Partial = true
	out := &Outcome{Revision: tx.Revision, Verdict: alone.Judge(g.alone)}
	out.Pass = out.Verdict.ExitCode == exitcode.OK
	if !out.Pass || len(entries) == 0 {
		return nil, nil
	}
	statement, err := tx.Statement(g.Basis.Digest(), subjects)
	if err != nil || statement == "" {
		return nil, err
	}
	out.Statement = []byte(statement)
	out.admissions(g, entries, known, nil)
	return out, nil
}
