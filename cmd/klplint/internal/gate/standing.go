package gate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
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
	g.Policy.Gate, g.Policy.Partial, g.Lint.Set.EitherOrder = true, true, true
	return g
}

// unread lists the rules that need what the registry does not keep.
func (g *gate) unread() []lint.NotEvaluated {
	var out []lint.NotEvaluated
	for _, r := range g.Policy.Rules {
		switch {
		case r.Requires(rules.SetInput):
		case r.Requires(rules.KernelInput):
			out = append(out, lint.NotEvaluated{Rule: r.ID(), Needs: "kernel, and " + aFile})
		default:
			out = append(out, lint.NotEvaluated{Rule: r.ID(), Needs: aFile})
		}
	}
	return out
}

// Unread counts the rules that did not judge for want of the file of a module.
func Unread(v *policy.Verdict) int {
	n := 0
	for _, r := range v.NotEvaluated {
		if strings.HasSuffix(r.Needs, aFile) {
			n++
		}
	}
	return n
}

// aFile is what the registry does not keep.
const aFile = "the file of the module"

// Activate makes entries active that are not, when they may stand beside what
// is active for their kernels in any channel: all of them, or none. Where the
// verdict is against it the log says so. A candidate was shipped by nobody yet: no
// rule over one module has judged it, and none can here, so that a gate has to.
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
		if e.State == registry.Candidate && p.FailOn != 0 {
			found.Errors = append(found.Errors, lint.Error{
				Path: m.Path, Message: "a candidate, which no gate has admitted: klplint gate judges its file (--fail-on never: active without being judged)",
			})
		}
	}
	found.Summary.Modules = len(todo)
	for _, group := range byKernel(todo) {
		r, err := g.oneByOne(tx, group)
		if err != nil {
			return nil, err
		}
		found = found.Merged(r)
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

// oneByOne judges what comes back for one kernel in the order in which it was recorded, as
// it came the first time: each beside what is active, and those before it.
func (g *gate) oneByOne(tx *registry.Tx, group []*registry.Entry) (*lint.Result, error) {
	var active []*moduleset.Member
	err := tx.Active(group[0].Kernel(), g.channels(), func(p registry.Peer) error { active = append(active, p.Member); return nil })
	if err != nil {
		return nil, err
	}
	slices.SortFunc(group, func(a, b *registry.Entry) int { return cmp.Compare(a.ID(), b.ID()) })
	found := &lint.Result{}
	for _, e := range group {
		m := moduleset.NewMember(e.Module, false)
		m.Owner, m.Channel = e.Owner, e.Channel
		r, _, err := g.judgeMembers(e.Kernel(), nil, []*moduleset.Member{m}, active)
		if err != nil {
			return nil, registry.Abort(err)
		}
		found = found.Merged(r)
		m.Baseline, m.Since = true, tx.Next()
		active = append(active, m)
	}
	return found, nil
}

// Check judges the active modules of every kernel as they stand: each against those
// that became active before it, as the gate would have, one after the other. What was
// retired and came back counts from then; of one revision the first recorded comes first.
// It returns the verdict and how many modules it looked at.
func Check(tx *registry.Tx, l lint.Config, p policy.Policy) (*policy.Verdict, int, error) {
	g := standing(l, p)
	kernels, err := tx.Kernels()
	if err != nil {
		return nil, 0, err
	}
	all, n := &lint.Result{}, 0
	for _, k := range kernels {
		group, err := admitted(tx, k)
		if err != nil {
			return nil, 0, err
		}
		n += len(group)
		paths := make(map[string]bool)
		members := make([]*moduleset.Member, len(group))
		for i, p := range group {
			if paths[p.Member.Path] { // of another digest that begins alike
				p.Member.Path = "registry:" + p.Member.Name + "@" + p.Member.SHA256
			}
			members[i], paths[p.Member.Path] = p.Member, true
		}
		for i, m := range members {
			m.Baseline = false
			r, _, err := g.judgeMembers(k, nil, []*moduleset.Member{m}, members[:i])
			if err != nil {
				return nil, 0, registry.Abort(err)
			}
			m.Baseline = true
			all.Modules = append(all.Modules, r.Modules...)
			all.Findings = append(all.Findings, r.Findings...)
			all.Errors = append(all.Errors, r.Errors...)
			all.NotEvaluated = append(all.NotEvaluated, r.NotEvaluated...)
			all.Summary.Modules++
		}
	}
	all = all.Merged(&lint.Result{NotEvaluated: g.unread()})
	if n == 0 {
		return &policy.Verdict{ExitCode: exitcode.OK}, 0, nil
	}
	return g.Policy.Judge(all), n, nil
}

// admitted are the active modules of a kernel in the order in which they became that.
func admitted(tx *registry.Tx, k moduleset.Kernel) ([]registry.Peer, error) {
	var out []registry.Peer
	err := tx.Active(k, nil, func(p registry.Peer) error { out = append(out, p); return nil })
	slices.SortStableFunc(out, func(a, b registry.Peer) int { return cmp.Compare(a.Member.Since, b.Member.Since) })
	return out, err
}
