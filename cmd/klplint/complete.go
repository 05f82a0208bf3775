package main

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/input"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/replace"
)

// complete gives every flag of the command line that takes one of a few words
// its completion, and the root the names of files beside the subcommands'. It is
// for the shell's questions alone.
func (a *app) complete(root *cobra.Command) {
	root.ValidArgsFunction = func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return moduleFiles(typed), cobra.ShellCompDirectiveDefault
	}
	var each func(*cobra.Command)
	each = func(cmd *cobra.Command) {
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if words := a.wordsOf(f.Name); words != nil {
				register(cmd, f.Name, words)
			}
		})
		for _, sub := range cmd.Commands() {
			each(sub)
		}
	}
	each(root)
	register(root, "format", formatsOf)
	register(root, "color", fixed("auto", "always", "never"))
}

// moduleFiles lists the modules whose paths begin as typed. Shells complete files
// by themselves, but only where no subcommand begins so too. Names that have to be
// quoted are left to them.
func moduleFiles(typed string) []string {
	dir, begun := filepath.Split(typed)
	entries, err := os.ReadDir(cmp.Or(dir, "."))
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, begun) && input.IsModuleName(name) && !e.IsDir() && !strings.ContainsFunc(name, quoted) {
			out = append(out, dir+name)
		}
	}
	return out
}

// quoted says whether a shell may take a character for something else.
func quoted(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._+-", r)
}

// completer returns the words that a flag of a command may have, each with what
// it stands for behind a tab.
type completer func(cmd *cobra.Command) []string

// register completes a flag; a list is completed behind its last comma. Only what
// begins as typed is handed on: some shells take a second for a hundred words.
func register(cmd *cobra.Command, flag string, words completer) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndexByte(typed, ',')+1]
		var out []string
		for _, w := range words(cmd) {
			word, _, _ := strings.Cut(w, "\t")
			if strings.HasPrefix(before+word, typed) && !slices.Contains(strings.Split(before, ","), word) {
				out = append(out, before+w)
			}
		}
		directive := cobra.ShellCompDirectiveNoFileComp
		if flag == "format" || flag == "kernel" {
			directive = cobra.ShellCompDirectiveDefault // FORMAT=FILE, or a path
		}
		return out, directive
	})
	if err != nil {
		panic(err) // the flag does not exist, or is completed already
	}
}

func fixed(words ...string) completer {
	return func(*cobra.Command) []string { return words }
}

// wordsOf returns the completion of a flag by its name, which means the same
// with every command; nil for a flag of free text or files.
func (a *app) wordsOf(flag string) completer {
	switch flag {
	case "model":
		return func(*cobra.Command) []string {
			words := []string{"all\tevery model side by side (trace)"}
			for _, m := range replace.All() {
				about, _, _ := strings.Cut(m.About(), "\n")
				words = append(words, m.Name()+"\t"+about)
			}
			return words
		}
	case "only", "enable", "disable":
		return func(*cobra.Command) []string { return slices.Concat(ruleWords(""), tagWords()) }
	case "require":
		return func(*cobra.Command) []string {
			return append([]string{"kernel\tevery rule about the kernel"}, ruleWords("")...)
		}
	case "severity":
		return func(*cobra.Command) []string { return ruleWords("=") }
	case "fail-on":
		return fixed("error", "warning", "info", "never")
	case "group-by":
		return fixed(report.GroupByModule, report.GroupByRule, report.GroupByPair+"\tthe module and the other that a finding is about")
	case "replace-field":
		return fixed("flag\tbool replace", "set\tu32 replace_set", "sets\tu32 *replace_sets")
	case "assume-fix":
		return fixed("sympos01")
	case "profile":
		return func(*cobra.Command) []string {
			var words []string
			for _, p := range settings.Profiles() {
				words = append(words, p.Name)
			}
			return words
		}
	case "state":
		return fixed(string(registry.Candidate)+"\trecorded, not admitted", string(registry.Active)+"\tshipped, or about to be", string(registry.Retired)+"\tno longer shipped")
	case "kernel":
		return func(*cobra.Command) []string {
			words := []string{"none\tlook at no kernel of this machine"}
			for _, release := range kernel.Releases(a.root) {
				words = append(words, release+"\tof this machine")
			}
			return words
		}
	}
	return nil
}

// ruleWords are the IDs of klplint's own rules with their titles.
func ruleWords(suffix string) []string {
	var words []string
	for _, r := range settings.BuiltinRules() {
		words = append(words, r.ID()+suffix+"\t"+r.Title())
	}
	return words
}

// tagWords are the tags of the rules, sorted. What they stand for differs in each:
// zsh shows none of many words that stand for the same.
func tagWords() []string {
	var words []string
	for _, r := range settings.BuiltinRules() {
		for _, tag := range r.Tags {
			if w := tag + "\trules with the tag " + tag; !slices.Contains(words, w) {
				words = append(words, w)
			}
		}
	}
	slices.Sort(words)
	return words
}

// formatsOf are the formats of the command whose flag is being typed.
func formatsOf(cmd *cobra.Command) []string {
	name := cmd.Name()
	if cmd.HasParent() && cmd.Parent().Name() == "registry" {
		name = "registry"
	}
	switch name {
	case "dump":
		return report.DumpFormats().Names()
	case "trace":
		return report.TraceFormats().Names()
	case "diff":
		return report.DiffFormats().Names()
	case "matrix":
		return report.MatrixFormats().Names()
	case "kernel":
		return report.KernelFormats().Names()
	case "rules":
		return report.RulesFormats().Names()
	case "explain":
		return report.ExplainFormats().Names()
	case "show", "verify":
		return report.SettingsFormats().Names()
	case "version":
		return report.VersionFormats().Names()
	case "registry":
		return report.RegistryFormats().Names()
	}
	return report.LintFormats().Names()
}
