package gate

import (
	"slices"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
)

// fresh are the entries that are not active yet.
func fresh(entries []*registry.Entry, known map[int]registry.Existing) []*registry.Entry {
	var out []*registry.Entry
	for i, e := range entries {
		if known[i].State != registry.Active {
			out = append(out, e)
		}
	}
	return out
}

// admit records the candidates and what follows from it.
func (g *gate) admit(tx *registry.Tx, entries []*registry.Entry, known map[int]registry.Existing, out *Outcome) error {
	if _, err := tx.Add(fresh(entries, known), registry.Admitted); err != nil {
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
	if err := retire(tx, out.Retired, change); err != nil {
		return err
	}
	out.Revision = tx.Next()
	return nil
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
