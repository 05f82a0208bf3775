package config

import (
	"slices"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/suggest"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/rules"
)

// Check holds what the file says about rules against the rules that there are,
// its own custom ones among them. A rule tagged security may be waived,
// disabled or lowered only where the command line names the file.
func (f *File) Check(all []*rules.Rule) error {
	byID := make(map[string]*rules.Rule, len(all))
	var ids []string
	for _, r := range all {
		byID[r.ID()] = r
		ids = append(ids, r.ID())
	}
	for i := range f.Waivers {
		w := &f.Waivers[i]
		r := byID[w.Rule]
		if r == nil {
			return w.rule.Fail("no rule has the ID %q%s", w.Rule, suggest.DidYouMean(w.Rule, ids))
		}
		if !f.Named && security(r) {
			return w.rule.Fail("%s is tagged security: it can be waived only in a file that the command line names (--config or --waivers)", w.Rule)
		}
	}
	for _, s := range f.Settings {
		for _, v := range s.Values {
			if err := f.checkValue(s.Key, v, all, byID, ids); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *File) checkValue(k *Key, v Value, all []*rules.Rule, byID map[string]*rules.Rule, ids []string) error {
	switch k.Name {
	case "severity":
		id, word, _ := strings.Cut(v.Text, "=")
		r := byID[id]
		if r == nil {
			return v.Fail("no rule has the ID %q%s", id, suggest.DidYouMean(id, ids))
		}
		if s, err := finding.ParseSeverity(word); err == nil && s < r.Severity && !f.Named && security(r) {
			return v.Fail("%s is tagged security: its severity can be lowered only in a file that the command line names (--config)", id)
		}
	case "enable", "disable":
		if _, err := rules.Select(all, []string{v.Text}, nil); err != nil {
			words := ids
			for _, r := range all {
				words = append(words, r.Tags...)
			}
			return v.Fail("%s: %v%s", k.Name, err, suggest.DidYouMean(v.Text, words))
		}
		if k.Name == "enable" || f.Named {
			break
		}
		left, err := rules.Select(all, nil, []string{v.Text})
		if err != nil {
			return v.Fail("%s: %v", k.Name, err)
		}
		for _, r := range all {
			if security(r) && !r.NonDefault && !slices.Contains(left, r) {
				return v.Fail("disable %s disables %s, which is tagged security: only a file that the command line names (--config) may", v.Text, r.ID())
			}
		}
	case "require":
		if v.Text != "kernel" && byID[v.Text] == nil {
			return v.Fail("require: no rule has the ID %q%s", v.Text, suggest.DidYouMean(v.Text, append(ids, "kernel")))
		}
	}
	return nil
}

func security(r *rules.Rule) bool { return slices.Contains(r.Tags, "security") }
