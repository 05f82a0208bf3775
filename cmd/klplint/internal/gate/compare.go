package gate

import (
	"iter"
	"maps"
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
	baseline []registry.Peer // those of them that a candidate was held against
	alone    bool            // some candidate was held against nothing
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
// is not compared with itself, signed or not, in whatever channel it stands. One that a
// gate admitted to the channel before keeps its place: it is held against what was active
// when it came, and against what no gate has judged, and those of the call that are new
// come after it.
func (g *gate) compare(tx *registry.Tx, group []*registry.Entry) (*comparison, error) {
	c := &comparison{result: &lint.Result{}}
	err := tx.Active(group[0].Kernel(), g.channels(), func(p registry.Peer) error {
		c.active = append(c.active, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	distinct, copies := modulesOf(group)
	met := make(map[int64]bool)
	for since, candidates := range g.bySince(distinct, c.active) {
		own := make(map[string]bool)
		for _, e := range candidates {
			own[e.Module.UnsignedSHA256] = true
		}
		later := func(p registry.Peer) bool { return since > 0 && p.Member.Since >= since && p.Admitted }
		baseline := without(c.active, func(p registry.Peer) bool { return own[p.UnsignedSHA256] || later(p) })
		for i := range baseline {
			met[baseline[i].ID()] = true
		}
		r, against, err := g.judge(candidates, baseline)
		if err != nil {
			return nil, registry.Abort(err)
		}
		c.alone = c.alone || len(candidates)+len(baseline)+against == 1
		c.result = c.result.Merged(r)
	}
	c.baseline = without(c.active, func(p registry.Peer) bool { return !met[p.ID()] })
	share(c.result, copies)
	return c, nil
}

// without are the peers of which left does not hold: the list itself where it holds of none.
func without(list []registry.Peer, left func(registry.Peer) bool) []registry.Peer {
	if !slices.ContainsFunc(list, left) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), left)
}

// bySince yields candidates that became active in one revision, and last those that are not
// active in the channel, or were never judged, as of revision 0.
func (g *gate) bySince(candidates []*registry.Entry, active []registry.Peer) iter.Seq2[int64, []*registry.Entry] {
	place := make(map[string]int64)
	for _, p := range active {
		if p.Admitted && p.Channel == g.Channel {
			place[p.UnsignedSHA256] = p.Member.Since
		}
	}
	groups := make(map[int64][]*registry.Entry)
	for _, e := range candidates {
		since := place[e.Module.UnsignedSHA256]
		groups[since] = append(groups[since], e)
	}
	return func(yield func(int64, []*registry.Entry) bool) {
		for _, since := range slices.Sorted(maps.Keys(groups)) {
			if since > 0 && !yield(since, groups[since]) {
				return
			}
		}
		if fresh := groups[0]; len(fresh) > 0 {
			yield(0, fresh)
		}
	}
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

// judge runs the set rules over candidates and baseline of one kernel. It returns against
// how many modules beside the registry's they were held too.
func (g *gate) judge(group []*registry.Entry, baseline []registry.Peer) (r *lint.Result, against int, err error) {
	var target klp.Target
	candidates := make([]*moduleset.Member, len(group))
	for i, e := range group {
		if target == nil && g.Lint.Target != nil {
			target = g.Lint.Target(e.Module)
		}
		candidates[i] = moduleset.NewMember(e.Module, false)
		candidates[i].Owner, candidates[i].Channel = e.Owner, e.Channel
	}
	members := make([]*moduleset.Member, len(baseline))
	for i := range baseline {
		members[i] = baseline[i].Member
	}
	return g.judgeMembers(group[0].Kernel(), target, candidates, members)
}

// judgeMembers is judge for rows of candidates.
func (g *gate) judgeMembers(k moduleset.Kernel, target klp.Target, candidates, baseline []*moduleset.Member) (r *lint.Result, against int, err error) {
	own := make(map[string]bool)
	for _, m := range candidates {
		own[m.UnsignedSHA256] = true
	}
	members := slices.Clone(candidates)
	for _, m := range g.against {
		if moduleset.KernelOf(m) == k && !own[m.UnsignedSHA256] {
			members = append(members, moduleset.NewMember(m, true))
			against++
		}
	}
	if r, err = lint.RunSet(g.Lint, append(members, baseline...), target); err != nil {
		return nil, 0, err
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
	return r, against, nil
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
