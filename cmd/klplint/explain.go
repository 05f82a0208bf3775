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
		Short: "Explain rules, and the assumptions of the replace models",
		Long: `Explain prints the whole documentation of the rules with these IDs: the reason,
the kernel source it rests on, and the fix. Given the name of a replace model
(mainline, replace-set, supersedes, sets-positional, sets-flat) it says what that
does. With that, and given the ID of a question (Q1), it prints what the discussion
of replace sets left open, and what klplint assumes until it is settled.`,
		Example: `  klplint explain KLP208
  klplint explain sets-flat Q1`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageErrorf("no rule given; klplint rules lists them")
			}
			return a.explain(cmd, &f, args)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return explainable(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	f.AddConfig(cmd.Flags())
	return cmd
}

// explainable are the words that explain knows without a configuration, each with
// what it stands for.
func explainable() []string {
	var words []string
	for _, r := range settings.BuiltinRules() {
		words = append(words, r.ID()+"\t"+r.Title())
	}
	for _, m := range replace.All() {
		about, _, _ := strings.Cut(m.About(), "\n")
		words = append(words, m.Name()+"\t"+about)
	}
	for _, q := range replace.OpenQuestions() {
		words = append(words, q.ID+"\t"+q.Question)
	}
	return words
}

// explain prints what the words name, in their order by kind.
func (a *app) explain(cmd *cobra.Command, f *settings.Flags, words []string) error {
	s, err := a.resolve(cmd.Flags(), f)
	if err != nil {
		return err
	}
	e := &report.Explanation{}
	for _, word := range words {
		if r := settings.FindRule(s.Rules, word); r != nil {
			e.Rules = append(e.Rules, r)
			continue
		}
		model, err := replace.ByName(word)
		if err == nil {
			e.Models = append(e.Models, model)
		}
		found := findQuestions(word)
		if err != nil && len(found) == 0 {
			return usageErrorf("no rule, model or question is called %q%s", word, suggest.DidYouMean(word, explainWords(s.Rules)))
		}
		e.Questions = append(e.Questions, found...)
	}
	return render(a, report.ExplainFormats(), e)
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
