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
	// Named bounds Outcome.Against, and of what is evicted paths are enough; 0 means no
	// bound, and whole entries.
	Named int
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
	Retired []Eviction
	// Elsewhere are those that they evict too, and that stay active in another
	// channel.
	Elsewhere []Eviction
	// Against are the registry's entries that findings name, by path: the first
	// Config.Named, and how many there are beside.
	Against []*registry.Entry
	Unnamed int
	// Compared is the number of the registry's modules that were compared.
	Compared int
	// Statement is the verdict as a file: where the same files were judged under
	// the same policy before, the one that was made then, byte for byte.
	Statement []byte
}

// Admission is what became of one candidate.
type Admission struct {
	Path, Name, SHA256 string
	Status             Status
	// Revision is the one in which it was admitted; 0 where it was not.
	Revision int64
	Module   *klp.Module
	// Withdrawn says which funcs it drops of the newest retired module of its
	// lineage, while no module of that is active; "" for none.
	Withdrawn string
}

// Status is what became of a candidate.
type Status string

// The outcomes of a candidate.
const (
	Admitted      Status = "admitted"
	Already       Status = "already admitted" // the module is active in the channel
	WouldAdmit    Status = "would be admitted"
	Refused       Status = "refused"        // its own verdict, or the comparison
	RefusedBeside Status = "refused beside" // another one of the call was refused
)

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
	uncompared := true
	for _, group := range byKernel(entries) {
		c, err := g.compare(tx, group)
		if err != nil {
			return nil, err
		}
		standing[group[0].Kernel()] = c.active
		out.Compared += len(c.baseline)
		found = found.Merged(c.result)
		uncompared = uncompared && len(c.baseline)+c.against+len(group) == 1
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
	if out.Pass {
		if err := g.admit(tx, entries, known, standing, out); err != nil {
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
	// The verdict on a file alone can change: a waiver expires.
	out := &Outcome{Revision: tx.Revision, Verdict: g.Policy.Judge(g.alone)}
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

// refuse writes down whom the gate kept out, and by which rules.
func (g *gate) refuse(tx *registry.Tx, entries []*registry.Entry, out *Outcome) error {
	var rules []string
	for i := range out.Verdict.Findings {
		f := &out.Verdict.Findings[i]
		if !f.Accepted() && g.Policy.FailOn != 0 && f.Severity >= g.Policy.FailOn {
			rules = append(rules, f.Rule)
		}
	}
	slices.Sort(rules)
	reason := strings.Join(slices.Compact(rules), " ")
	if len(out.Verdict.Errors) > 0 {
		reason = strings.TrimSpace(reason + " (something could not be checked)")
	}
	return tx.Refuse(entries, registry.Change{By: g.By, At: g.At, Reason: reason})
}

// admissions says what became of each candidate.
func (out *Outcome) admissions(g *gate, entries []*registry.Entry, known map[int]registry.Existing, withdrawn map[*registry.Entry]string) {
	failed := make(map[string]bool)
	for i := range out.Verdict.Modules {
		m := &out.Verdict.Modules[i]
		failed[m.Path] = m.Verdict == policy.Fail || m.Verdict == policy.Errored
	}
	for i, e := range entries {
		a := Admission{Path: e.Module.Path, Name: e.Module.Name, SHA256: e.Module.SHA256, Module: e.Module, Withdrawn: withdrawn[e]}
		switch {
		case out.Pass && known[i].State == registry.Active && known[i].Admitted > 0:
			a.Status, a.Revision = Already, known[i].Admitted
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

// named lists the modules that findings point at one by one: all that share a
// path, which has only the first digits of a digest. They come by path.
func (out *Outcome) named(baseline []registry.Peer) []registry.Peer {
	paths := make(map[string]bool)
	for i := range out.Verdict.Findings {
		for _, r := range out.Verdict.Findings[i].Related {
			paths[r.Module] = true
		}
	}
	if len(paths) == 0 {
		return nil
	}
	var named []registry.Peer
	for _, p := range baseline {
		if paths[p.Member.Path] {
			named = append(named, p)
		}
	}
	slices.SortStableFunc(named, func(a, b registry.Peer) int { return cmp.Compare(a.Member.Path, b.Member.Path) })
	return named
}

// byKernel groups entries by the kernel they are for, in a fixed order.
func byKernel(entries []*registry.Entry) [][]*registry.Entry {
	groups := make(map[moduleset.Kernel][]*registry.Entry)
	for _, e := range entries {
		groups[e.Kernel()] = append(groups[e.Kernel()], e)
	}
	out := make([][]*registry.Entry, 0, len(groups))
	for _, g := range groups {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b []*registry.Entry) int {
		return a[0].Kernel().Compare(b[0].Kernel())
	})
	return out
}

// comparison is what the candidates of one kernel were held against.
type comparison struct {
	result   *lint.Result
	active   []registry.Peer // for the kernel, in the channels that are compared with
	baseline []registry.Peer // those of them that are none of the candidates
	against  int             // modules that the registry does not know
}

// channels are those that are compared with, none for all. What stands in the
// channel that the candidates go to is always among them.
func (g *gate) channels() []string {
	if len(g.Channels) == 0 || slices.Contains(g.Channels, g.Channel) {
		return g.Channels
	}
	return append(slices.Clone(g.Channels), g.Channel)
}

// compare judges the candidates of one kernel against the registry. A module
// is not compared with itself, signed or not, in whatever channel it stands.
func (g *gate) compare(tx *registry.Tx, group []*registry.Entry) (*comparison, error) {
	c := &comparison{}
	own := make(map[string]bool)
	for _, e := range group {
		own[e.Module.UnsignedSHA256] = true
	}
	err := tx.Active(group[0].Kernel(), g.channels(), func(p registry.Peer) error {
		c.active = append(c.active, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(c.active, byID)
	c.baseline = slices.DeleteFunc(slices.Clone(c.active), func(p registry.Peer) bool { return own[p.UnsignedSHA256] })
	if c.result, err = g.judge(group, c); err != nil {
		return nil, registry.Abort(err)
	}
	return c, nil
}

func byID(a, b registry.Peer) int { return cmp.Compare(a.ID(), b.ID()) }

// judge runs the set rules over candidates and baseline of one kernel.
func (g *gate) judge(group []*registry.Entry, c *comparison) (*lint.Result, error) {
	var target klp.Target
	candidates := make([]*moduleset.Member, len(group))
	for i, e := range group {
		if target == nil && g.Lint.Target != nil {
			target = g.Lint.Target(e.Module)
		}
		candidates[i] = moduleset.NewMember(e.Module, false)
		candidates[i].Owner = e.Owner
	}
	return g.judgeMembers(group[0].Kernel(), target, candidates, c)
}

// judgeMembers is judge for rows of candidates.
func (g *gate) judgeMembers(k moduleset.Kernel, target klp.Target, candidates []*moduleset.Member, c *comparison) (*lint.Result, error) {
	members := candidates
	for _, m := range g.against {
		if moduleset.KernelOf(m) == k {
			members = append(members, moduleset.NewMember(m, true))
			c.against++
		}
	}
	for _, p := range c.baseline {
		members = append(members, p.Member)
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
			path = candidates[0].Path
		}
		r.Errors = append(r.Errors, lint.Error{Path: path, Rule: n.Rule, Message: "could not be evaluated: it needs " + n.Needs})
	}
	return r, nil
}

// admit records the candidates and what follows from it.
func (g *gate) admit(tx *registry.Tx, entries []*registry.Entry, known map[int]registry.Existing, standing map[moduleset.Kernel][]registry.Peer, out *Outcome) error {
	var fresh []*registry.Entry
	for i, e := range entries {
		if known[i].State != registry.Active {
			fresh = append(fresh, e)
		}
	}
	if g.RetireReplaced {
		evicted, err := g.evicted(fresh, standing)
		if err != nil {
			return err
		}
		if g.Named == 0 {
			entries, err := again(tx, evicted)
			if err != nil {
				return err
			}
			for i, e := range entries {
				evicted[i].Entry = e
			}
		}
		for _, e := range evicted {
			if e.Channel == g.Channel {
				out.Retired = append(out.Retired, e)
			} else {
				out.Elsewhere = append(out.Elsewhere, e)
			}
		}
	}
	if g.DryRun {
		return nil
	}
	if _, err := tx.Add(fresh, registry.Admitted); err != nil {
		return err
	}
	change := registry.Change{By: g.By, At: g.At}
	for i, e := range entries {
		x, ok := known[i]
		var err error
		switch {
		case !ok:
			continue
		case x.State != registry.Active:
			err = tx.Renew(x, e, registry.Admitted)
		case x.Admitted == 0:
			err = tx.Admit(x, registry.Admitted, change)
		default:
			err = tx.Admit(x, registry.Rejudged, change)
		}
		if err != nil {
			return err
		}
	}
	if err := g.retire(tx, out.Retired, change); err != nil {
		return err
	}
	out.Revision = tx.Next()
	return nil
}
