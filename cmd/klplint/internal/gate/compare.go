package gate

import (
	"slices"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/moduleset"
)

// comparison is what the candidates of one kernel were held against.
type comparison struct {
	result   *lint.Result
	active   []registry.Peer // for the kernel, in the channels that are compared with
	baseline []registry.Peer // those of them that are none of the candidates
	against  int             // modules that the registry does not know
	modules  int             // of the candidates, each once
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
	c.baseline = c.active
	if mine := func(p registry.Peer) bool { return own[p.UnsignedSHA256] }; slices.ContainsFunc(c.active, mine) {
		c.baseline = slices.DeleteFunc(slices.Clone(c.active), mine)
	}
	distinct, copies := modulesOf(group)
	c.modules = len(distinct)
	if c.result, err = g.judge(distinct, c); err != nil {
		return nil, registry.Abort(err)
	}
	share(c.result, copies)
	return c, nil
}

// modulesOf are the modules of a group, each once: signed, compressed and copied files
// are one module, and none stands in the way of another. copies are the paths of the
// further files, by that of the one that stands for them.
func modulesOf(group []*registry.Entry) (distinct []*registry.Entry, copies map[string][]string) {
	first := make(map[string]string)
	copies = make(map[string][]string)
	for _, e := range group {
		path, known := first[e.Module.UnsignedSHA256]
		if known {
			copies[path] = append(copies[path], e.Module.Path)
			continue
		}
		first[e.Module.UnsignedSHA256] = e.Module.Path
		distinct = append(distinct, e)
	}
	return distinct, copies
}

// share says of the copies of a module what was said of it.
func share(r *lint.Result, copies map[string][]string) {
	for _, f := range r.Findings {
		for _, path := range copies[f.Module] {
			f.Module = path
			r.Findings = append(r.Findings, f)
		}
	}
	for _, e := range r.Errors {
		for _, path := range copies[e.Path] {
			e.Path = path
			r.Errors = append(r.Errors, e)
		}
	}
	for _, n := range r.NotEvaluated {
		for _, path := range copies[n.Module] {
			n.Module = path
			r.NotEvaluated = append(r.NotEvaluated, n)
		}
	}
}

// judge runs the set rules over candidates and baseline of one kernel.
func (g *gate) judge(group []*registry.Entry, c *comparison) (*lint.Result, error) {
	var target klp.Target
	candidates := make([]*moduleset.Member, len(group))
	for i, e := range group {
		if target == nil && g.Lint.Target != nil {
			target = g.Lint.Target(e.Module)
		}
		candidates[i] = moduleset.NewMember(e.Module, false)
		candidates[i].Owner, candidates[i].Channel = e.Owner, e.Channel
	}
	return g.judgeMembers(group[0].Kernel(), target, candidates, c)
}

// judgeMembers is judge for rows of candidates.
func (g *gate) judgeMembers(k moduleset.Kernel, target klp.Target, candidates []*moduleset.Member, c *comparison) (*lint.Result, error) {
	members := append(make([]*moduleset.Member, 0, len(candidates)+len(g.against)+len(c.baseline)), candidates...)
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
