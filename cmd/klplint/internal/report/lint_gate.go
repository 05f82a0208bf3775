package report

import (
	"fmt"
	"slices"
)

// Gate is what a gate adds to a report of lint.
type Gate struct {
	Registry string // its place, without credentials
	Revision int64  // the one that the verdict rests on, or that it made
	Channel  string
	Admitted bool
	DryRun   bool
	Compared int // active modules that were compared
	Modules  []GateModule
	Retired  []RegistryEntry // what the admitted modules evict
	Against  []RegistryEntry // what findings point at: all, or the first ShownAgainst
	Unshown  int             // how many more of them there are
	// Elsewhere are evicted too, and stay active in their own channel.
	Elsewhere []RegistryEntry
}

// GateModule is what became of a candidate.
type GateModule struct {
	Path, Name, SHA256 string
	Status             string
	Revision           int64  // that admitted it; 0 for none
	Warning            string // of its own, "" for none
}

// ShownAgainst is how many of the modules that findings point at Lines describe, and how
// many of those that are replaced. JSON has all.
const ShownAgainst = 20

// Lines say in words, escaped, what became of the candidates, and who stands in
// their way.
func (g *Gate) Lines() []string {
	var out []string
	line := func(format string, args ...any) { out = append(out, Escape(fmt.Sprintf(format, args...))) }
	first := func(list []RegistryEntry) []RegistryEntry { return list[:min(len(list), ShownAgainst)] }
	shown := first(g.Against)
	for i := range shown {
		e := &shown[i]
		line("%s: active in %s, owner %s, added by %s on %s (revision %d, sha256 %s)",
			e.Path, orNone(e.Channel, "no channel"), orNone(e.Owner, "not known"), orNone(e.AddedBy, "somebody"), e.AddedAt, e.Revision, e.SHA256)
	}
	if more := len(g.Against) - len(shown) + g.Unshown; more > 0 {
		line("%s; --format json lists all", count(more, "more active module")+" that findings name")
	}
	for i := range g.Modules {
		m := &g.Modules[i]
		switch {
		case m.Revision > 0:
			line("%s: %s in revision %d (sha256 %s)", m.Path, m.Status, m.Revision, m.SHA256)
		default:
			line("%s: %s (sha256 %s)", m.Path, m.Status, m.SHA256)
		}
		if m.Warning != "" {
			line("%s: warning: %s", m.Path, m.Warning)
		}
	}
	if slices.ContainsFunc(g.Modules, func(m GateModule) bool { return m.Status != "already admitted" }) {
		line("compared with %s of the registry", count(g.Compared, "active module"))
	}
	verb := "retired"
	if g.DryRun {
		verb = "would be retired"
	}
	for _, e := range first(g.Retired) {
		line("%s: %s, replaced", e.Path, verb)
	}
	if more := len(g.Retired) - ShownAgainst; more > 0 {
		line("%s %s, replaced; --format json lists all", count(more, "more module"), verb)
	}
	for _, e := range first(g.Elsewhere) {
		line("%s: replaced too, stays active in %s", e.Path, orNone(e.Channel, "no channel"))
	}
	if more := len(g.Elsewhere) - ShownAgainst; more > 0 {
		line("%s replaced too, active in other channels; --format json lists all", count(more, "more module"))
	}
	return out
}

func orNone(s, none string) string {
	if s == "" {
		return none
	}
	return s
}
