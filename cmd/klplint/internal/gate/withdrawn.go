package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

// withdrawn says, for each candidate of one kernel whose lineage has no active
// module in its channel, what it drops of the newest one that was retired there, or
// anywhere while none is active at all: that one may still be loaded somewhere, and
// its fixes with it.
func (g *gate) withdrawn(tx *registry.Tx, group []*registry.Entry, active []registry.Peer, out map[*registry.Entry]string) error {
	for _, e := range group {
		lineage := e.Lineage()
		elsewhere := false
		if slices.ContainsFunc(active, func(p registry.Peer) bool {
			ours := p.Member.Owner == lineage.Owner && p.Lineage() == lineage
			elsewhere = elsewhere || ours && p.Channel != e.Channel
			return ours && p.Channel == e.Channel
		}) {
			continue
		}
		var newest *registry.Entry
		err := tx.Retired(e.Kernel(), lineage, func(r *registry.Entry) error {
			if elsewhere && r.Channel != e.Channel {
				return nil
			}
			if r.Module.UnsignedSHA256 != e.Module.UnsignedSHA256 && (newest == nil || names.Natural(newest.Module.Name, r.Module.Name) < 0) {
				newest = r
			}
			return nil
		})
		if err != nil {
			return err
		}
		if newest == nil {
			continue
		}
		if lost := dropped(newest.Module, e.Module); len(lost) > 0 {
			where := ""
			if elsewhere {
				where = " in its channel"
			}
			out[e] = fmt.Sprintf("%s is retired, no newer module of %s is active%s, and this one does not patch %s as that did",
				newest.Path(), lineage.Stem, where, strings.Join(shortened(lost, 5), ", "))
		}
	}
	return nil
}

// dropped lists the funcs of before that after does not patch.
func dropped(before, after *klp.Module) []string {
	type key struct {
		object, name string
		literal      bool
		position     uint64
	}
	have := make(map[key]bool)
	for i := range after.Patch.Objects {
		o := &after.Patch.Objects[i]
		for j := range o.Funcs {
			have[key{o.Name, o.Funcs[j].Name, o.Literal, o.Funcs[j].Position()}] = true
		}
	}
	var out []string
	for i := range before.Patch.Objects {
		o := &before.Patch.Objects[i]
		for j := range o.Funcs {
			if f := &o.Funcs[j]; f.Name != "" && !have[key{o.Name, f.Name, o.Literal, f.Position()}] {
				out = append(out, o.Name+":"+f.Name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func shortened(list []string, most int) []string {
	if len(list) <= most {
		return list
	}
	return append(slices.Clone(list[:most]), fmt.Sprintf("%d more", len(list)-most))
}
