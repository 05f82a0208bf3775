package rules

import (
	"fmt"
	"path"
	"slices"
)

// Select chooses among the rules, keeping their order. Each word of enable and
// disable is an ID, a glob over IDs ("KLP4*", as path.Match reads it) or a tag.
// Rules run by default unless they are NonDefault; enable adds, disable takes
// away, and disable wins. A word that fits no rule is an error: a misspelt
// choice must not pass as one.
func Select(all []*Rule, enable, disable []string) ([]*Rule, error) {
	chosen := make([]*Rule, 0, len(all))
	for _, words := range [][]string{enable, disable} {
		for _, w := range words {
			if err := checkWord(all, w); err != nil {
				return nil, err
			}
		}
	}
	for _, r := range all {
		if r.NonDefault && !matchesAny(r, enable) || matchesAny(r, disable) {
			continue
		}
		chosen = append(chosen, r)
	}
	return chosen, nil
}

func checkWord(all []*Rule, word string) error {
	if _, err := path.Match(word, ""); err != nil {
		return fmt.Errorf("rule pattern %q: %w", word, err)
	}
	for _, r := range all {
		if r.Matches(word) {
			return nil
		}
	}
	return fmt.Errorf("no rule has the ID or tag %q", word)
}

func matchesAny(r *Rule, words []string) bool {
	return slices.ContainsFunc(words, r.Matches)
}

// Matches reports whether a word of a choice, as Select reads it, names the rule.
func (r *Rule) Matches(word string) bool {
	if slices.Contains(r.Tags, word) {
		return true
	}
	ok, err := path.Match(word, r.ID())
	return ok && err == nil
}
