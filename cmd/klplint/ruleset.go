package main

import (
	"slices"
	"strings"

	"github.com/klplint/klplint/rules"
)

func ruleIDs(all []*rules.Rule) []string {
	ids := make([]string, len(all))
	for i, r := range all {
		ids[i] = r.ID()
	}
	return ids
}

// ruleWords are the IDs and tags that --enable and --disable know.
func ruleWords(all []*rules.Rule) []string {
	words := ruleIDs(all)
	for _, r := range all {
		for _, t := range r.Tags {
			if !slices.Contains(words, t) {
				words = append(words, t)
			}
		}
	}
	return words
}

// didYouMean is "; did you mean X?", or "" when nothing is near.
func didYouMean(word string, candidates []string) string {
	if near := nearest(word, candidates); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// findRule looks an ID up, in any case of letters; nil where there is none.
func findRule(all []*rules.Rule, id string) *rules.Rule {
	for _, r := range all {
		if strings.EqualFold(r.ID(), id) {
			return r
		}
	}
	return nil
}
