package report

import "fmt"

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
	Against  []RegistryEntry // what findings point at
}

// GateModule is what became of a candidate.
type GateModule struct {
	Path, Name, SHA256 string
	Status             string
	Revision           int64 // that admitted it; 0 for none
}

// Lines say in words, escaped, what became of the candidates, and who stands in
// their way.
func (g *Gate) Lines() []string {
	var out []string
	line := func(format string, args ...any) { out = append(out, Escape(fmt.Sprintf(format, args...))) }
	for i := range g.Against {
		e := &g.Against[i]
		line("%s: active in %s, owner %s, added by %s on %s (revision %d, sha256 %s)",
			e.Path, orNone(e.Channel, "no channel"), orNone(e.Owner, "not known"), orNone(e.AddedBy, "somebody"), e.AddedAt, e.Revision, e.SHA256)
	}
	for i := range g.Modules {
		m := &g.Modules[i]
		switch {
		case m.Revision > 0:
			line("%s: %s in revision %d (sha256 %s)", m.Path, m.Status, m.Revision, m.SHA256)
		default:
			line("%s: %s (sha256 %s)", m.Path, m.Status, m.SHA256)
		}
	}
	verb := "retired"
	if g.DryRun {
		verb = "would be retired"
	}
	for i := range g.Retired {
		line("%s: %s, replaced", g.Retired[i].Path, verb)
	}
	return out
}

func orNone(s, none string) string {
	if s == "" {
		return none
	}
	return s
}

// gate writes the member "gate".
func (e *encoder) gate(g *Gate) {
	e.key("gate")
	e.open('{')
	e.str("registry", g.Registry)
	e.int("revision", g.Revision)
	e.str("channel", g.Channel)
	e.bool("admitted", g.Admitted)
	e.bool("dry_run", g.DryRun)
	e.int("compared", int64(g.Compared))
	e.bool("sampled", false) // nothing is left out
	e.key("modules")
	e.open('[')
	for i := range g.Modules {
		m := &g.Modules[i]
		e.line()
		e.open('{')
		e.str("path", m.Path)
		e.str("name", m.Name)
		e.str("sha256", m.SHA256)
		e.str("status", m.Status)
		e.int("revision", m.Revision)
		e.close('}')
	}
	e.close(']')
	for _, list := range []struct {
		name    string
		entries []RegistryEntry
	}{{"retired", g.Retired}, {"against", g.Against}} {
		e.key(list.name)
		e.open('[')
		for i := range list.entries {
			e.line()
			e.registryEntry(&list.entries[i])
			e.flushIf()
		}
		e.close(']')
	}
	e.close('}')
}
