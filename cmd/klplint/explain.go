package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
	"github.com/klplint/klplint/cmd/klplint/internal/suggest"
	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/rules"
)

func newExplainCommand(a *app) *cobra.Command {
	var f settings.Flags
	cmd := &cobra.Command{
		Use:   "explain ID...",
		Short: "Explain rules, and what the replace models take for granted",
		Long: `Explain prints the whole documentation of the rules with these IDs: the reason,
the kernel source it rests on, and the fix. Given the name of a replace model
(replace-set, supersedes, sets-positional, sets-flat) or the ID of a question
(Q1) it prints what the discussion of replace sets left open there, and what
klplint takes for granted until it is settled.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageErrorf("no rule given: klplint explain ID; klplint rules lists them")
			}
			s, err := a.resolve(cmd.Flags(), &f)
			if err != nil {
				return err
			}
			all := s.Rules
			var chosen []*rules.Rule
			var questions []replace.Question
			for _, word := range args {
				if r := settings.FindRule(all, word); r != nil {
					chosen = append(chosen, r)
					continue
				}
				found := findQuestions(word)
				if len(found) == 0 {
					return usageErrorf("no rule has the ID %q%s", word, suggest.DidYouMean(word, explainWords(all)))
				}
				questions = append(questions, found...)
			}
			return render(a, report.ExplainFormats(), &report.Explanation{Rules: chosen, Questions: questions})
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var words []string
			for _, r := range settings.BuiltinRules() {
				words = append(words, r.ID()+"\t"+r.Title())
			}
			for _, q := range replace.OpenQuestions() {
				words = append(words, q.ID+"\t"+q.Question)
			}
			return words, cobra.ShellCompDirectiveNoFileComp
		},
	}
	f.AddConfig(cmd.Flags())
	return cmd
}

// findQuestions returns the open questions with that ID, or of that model.
func findQuestions(word string) []replace.Question {
	return slices.DeleteFunc(replace.OpenQuestions(), func(q replace.Question) bool {
		return !strings.EqualFold(q.ID, word) && !slices.Contains(q.Models, word)
	})
}

// explainWords is all that explain knows.
func explainWords(all []*rules.Rule) []string {
	words := settings.RuleIDs(all)
	for _, q := range replace.OpenQuestions() {
		words = append(words, q.ID)
	}
	for _, m := range replace.All() {
		words = append(words, m.Name())
	}
	return words
}
