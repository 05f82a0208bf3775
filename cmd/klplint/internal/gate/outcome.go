package gate

import (
	"cmp"
	"slices"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/klp"
)

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
	// lineage, while no module of that is active in its channel; "" for none.
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
