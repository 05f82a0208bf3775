package gate

import (
	"cmp"
	"slices"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/rules"
)

// standing is a gate for modules that the registry has: of these the rules over
// sets can judge, and those over one module, which need the file, cannot. So no
// waiver is called unused, and who requires such a rule is told that it did not
// judge. Else l and p are those of a gate.
func standing(l lint.Config, p policy.Policy) *gate {
	g := &gate{Config: Config{Lint: l, Policy: p}}
	g.Policy.Gate, g.Policy.Partial = true, true
	return g
}

// unread lists the rules that need what the registry does not keep.
func (g *gate) unread() []lint.NotEvaluated {
	var out []lint.NotEvaluated
	for _, r := range g.Policy.Rules {
		switch {
		case r.Requires(rules.SetInput):
		case r.Requires(rules.KernelInput):
			out = append(out, lint.NotEvaluated{Rule: r.ID(), Needs: "kernel, and the file of the module"})
		default:
			out = append(out, lint.NotEvaluated{Rule: r.ID(), Needs: "the file of the module"})
		}
	}
	return out
}

// Activate makes entries active that are not, when they may stand beside what
// is active for their kernels in any channel: all of them, or none. Where the
// verdict is against it the log says so.
func Activate(tx *registry.Tx, l lint.Config, p policy.Policy, entries []*registry.Entry, c registry.Change) (*policy.Verdict, error) {
	g := standing(l, p)
	var todo []*registry.Entry
	found := &lint.Result{}
	for _, e := range entries {
		if e.State == registry.Active {
			continue
		}
		m := *e.Module
		m.Path = e.Path()
		e.Module = &m
		todo = append(todo, e)
		found.Modules = append(found.Modules, lint.Module{Path: m.Path, Name: m.Name, SHA256: m.SHA256})
	}
	found.Summary.Modules = len(todo)
	for _, group := range byKernel(todo) {
		compared, err := g.compare(tx, group)
		if err != nil {
			return nil, err
		}
		found = found.Merged(compared.result)
	}
	if len(todo) == 0 {
		return &policy.Verdict{ExitCode: exitcode.OK}, nil
	}
	found.NotEvaluated = append(found.NotEvaluated, g.unread()...)
	v := g.Policy.Judge(found)
	if v.ExitCode != exitcode.OK {
		c.Reason = "activate"
		return v, tx.Refuse(todo, c)
	}
	return v, tx.SetState(todo, registry.Active, registry.Activated, c)
}

// Check judges the active modules of every kernel as they stand: each against
// those that were recorded before it, as the gate would have. It returns the
// verdict and how many modules it looked at.
func Check(tx *registry.Tx, l lint.Config, p policy.Policy) (*policy.Verdict, int, error) {
	g := standing(l, p)
	kernels, err := tx.Kernels()
	if err != nil {
		return nil, 0, err
	}
	all, n := &lint.Result{}, 0
	for _, k := range kernels {
		order := make(map[string]int64)
		var group []peer
		seen := make(map[string]bool)
		err := tx.Active(k, nil, func(e *registry.Entry) error {
			n++
			if seen[e.Module.UnsignedSHA256] { // in another channel too
				return nil
			}
			seen[e.Module.UnsignedSHA256] = true
			group = append(group, peerOf(e))
			return nil
		})
		if err != nil {
			return nil, 0, err
		}
		slices.SortFunc(group, func(a, b peer) int { return cmp.Compare(a.entry.ID(), b.entry.ID()) })
		members := make([]*moduleset.Member, len(group))
		for i, p := range group {
			if _, taken := order[p.member.Path]; taken { // of another digest that begins alike
				p.member.Path = "registry:" + p.member.Name + "@" + p.member.SHA256
			}
			members[i], order[p.member.Path] = p.member, p.entry.ID()
			p.member.Baseline = false
		}
		r, err := g.judgeMembers(k, nil, members, &comparison{})
		if err != nil {
			return nil, 0, registry.Abort(err)
		}
		summed := make(map[string]bool)
		r.Findings = slices.DeleteFunc(r.Findings, func(f finding.Finding) bool {
			summed[f.Module] = summed[f.Module] || f.More > 0
			return f.More > 0 || slices.ContainsFunc(f.Related, func(x finding.Related) bool { return order[x.Module] > order[f.Module] })
		})
		if err := g.oneByOne(k, members, order, summed, r); err != nil {
			return nil, 0, registry.Abort(err)
		}
		all.Modules = append(all.Modules, r.Modules...)
		all.Summary.Modules += r.Summary.Modules
		all = all.Merged(r)
	}
	if n == 0 {
		return &policy.Verdict{ExitCode: exitcode.OK}, 0, nil
	}
	all.NotEvaluated = append(all.NotEvaluated, g.unread()...)
	return g.Policy.Judge(all), n, nil
}

// oneByOne judges each member of which a rule had too much to report one by one
// beside those that were recorded before it: of the others it may say nothing.
func (g *gate) oneByOne(k moduleset.Kernel, members []*moduleset.Member, order map[string]int64, summed map[string]bool, r *lint.Result) error {
	r.Findings = slices.DeleteFunc(r.Findings, func(f finding.Finding) bool { return summed[f.Module] })
	for _, m := range members {
		if !summed[m.Path] {
			continue
		}
		var beside []*moduleset.Member
		for _, other := range members {
			if other != m && order[other.Path] < order[m.Path] {
				row := *other
				row.Baseline = true
				beside = append(beside, &row)
			}
		}
		row := *m
		one, err := g.judgeMembers(k, nil, append([]*moduleset.Member{&row}, beside...), &comparison{})
		if err != nil {
			return err
		}
		r.Findings = append(r.Findings, one.Findings...)
	}
	return nil
}
