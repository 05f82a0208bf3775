package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/config"
	"github.com/klplint/klplint/cmd/klplint/internal/manifest"
	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/siterule"
	"github.com/klplint/klplint/cmd/klplint/internal/suggest"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/yamldoc"
	"github.com/klplint/klplint/rules"
)

// BuiltinRules are the rules that klplint brings with it.
func BuiltinRules() []*rules.Rule { return builtin(rules.Site{}) }

func builtin(site rules.Site) []*rules.Rule {
	return slices.Concat(rules.All(), rules.SiteRules(site), policy.Rules())
}

// RuleIDs are the IDs of rules, in their order.
func RuleIDs(all []*rules.Rule) []string {
	ids := make([]string, len(all))
	for i, r := range all {
		ids[i] = r.ID()
	}
	return ids
}

// FindRule looks an ID up, in any case of letters; nil where there is none.
func FindRule(all []*rules.Rule, id string) *rules.Rule {
	for _, r := range all {
		if strings.EqualFold(r.ID(), id) {
			return r
		}
	}
	return nil
}

// ruleWords are the IDs and tags that --enable and --disable know.
func ruleWords(all []*rules.Rule) []string {
	words := RuleIDs(all)
	for _, r := range all {
		for _, t := range r.Tags {
			if !slices.Contains(words, t) {
				words = append(words, t)
			}
		}
	}
	return words
}

// rules gathers the rules that there are: klplint's own, those about manifests
// and profiles, and custom ones. The files that were read are held against all
// of them.
func (r *resolver) rules() error {
	expected, err := r.manifests()
	if err != nil {
		return err
	}
	for _, path := range r.f.waivers {
		file, err := r.extra(path, config.ParseWaivers)
		if err != nil {
			return err
		}
		file.Named = r.origin["waivers"] == "--waivers"
	}
	for _, path := range r.f.custom {
		if _, err := r.extra(path, config.ParseCustom); err != nil {
			return err
		}
	}
	var custom []config.Rule
	for _, file := range r.sources {
		for i := range file.Custom {
			c := &file.Custom[i]
			if slices.ContainsFunc(custom, func(o config.Rule) bool { return o.ID == c.ID }) {
				return c.FailID("duplicate id %s", c.ID)
			}
			custom = append(custom, *c)
		}
	}
	own, err := siterule.Compile(custom)
	if err != nil {
		return err
	}
	laidDown := rules.Site{Toolchain: r.profile.Toolchain}
	if expected != nil {
		laidDown.Expected = expected.Expected
	}
	r.s.Rules = slices.Concat(builtin(laidDown), own)
	for _, file := range r.sources {
		if err := file.Check(r.s.Rules); err != nil {
			return err
		}
	}
	return nil
}

// extra reads a file that a flag names beside the configuration.
func (r *resolver) extra(path string, parse func(string, []byte) (*config.File, error)) (*config.File, error) {
	data, err := config.Read(path, yamldoc.MaxSize)
	if err != nil {
		return nil, err
	}
	file, err := parse(path, data)
	if err != nil {
		return nil, err
	}
	r.sources = append(r.sources, file)
	return file, nil
}

// manifests reads --expect; nil without it.
func (r *resolver) manifests() (*manifest.Manifest, error) {
	var all *manifest.Manifest
	for _, path := range r.f.expect {
		data, err := config.Read(path, manifest.MaxSize)
		if err != nil {
			return nil, fmt.Errorf("manifest: %w", err)
		}
		m, err := manifest.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if all == nil {
			all = m
		} else if err := all.Add(m); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return all, nil
}

// severities reads --severity; those of a profile come first and give way.
func (r *resolver) severities() (map[string]finding.Severity, error) {
	out := make(map[string]finding.Severity)
	for id, s := range r.profile.Severity {
		out[id] = s
	}
	for _, word := range r.f.severity {
		id, name, ok := strings.Cut(word, "=")
		if !ok {
			return nil, fmt.Errorf("--severity %s: want ID=SEVERITY", word)
		}
		rule := FindRule(r.s.Rules, id)
		if rule == nil {
			return nil, fmt.Errorf("--severity %s: no rule has the ID %q%s", word, id, suggest.DidYouMean(id, RuleIDs(r.s.Rules)))
		}
		s, err := finding.ParseSeverity(name)
		if err != nil {
			return nil, fmt.Errorf("--severity %s: %w", word, err)
		}
		out[rule.ID()] = s
	}
	return out, nil
}

// choice chooses among the rules. Misspelt IDs, globs and tags are found before
// any work is done.
func (r *resolver) choice() error {
	all := r.s.Rules
	for _, w := range []struct {
		flag  string
		words []string
	}{{"--only", r.f.only}, {"--enable", r.s.Enable}, {"--disable", r.s.Disable}} {
		for _, word := range w.words {
			if _, err := rules.Select(all, []string{word}, nil); err != nil {
				return fmt.Errorf("%s %s: %w%s", w.flag, word, err, suggest.DidYouMean(word, ruleWords(all)))
			}
		}
	}
	r.narrow(all)
	chosen, err := rules.Select(all, r.s.Enable, r.s.Disable)
	if err != nil {
		return err
	}
	if len(chosen) == 0 {
		return errors.New("--only and --disable leave no rule")
	}
	for _, word := range r.f.require {
		if word == "kernel" {
			continue
		}
		byID := func(rule *rules.Rule) bool { return rule.ID() == word }
		if !slices.ContainsFunc(all, byID) {
			return fmt.Errorf("--require %s: no rule has the ID%s", word, suggest.DidYouMean(word, append(RuleIDs(all), "kernel")))
		}
		if !slices.ContainsFunc(chosen, byID) {
			return fmt.Errorf("--require %s: the rule is not enabled", word)
		}
	}
	r.s.Policy.Rules, r.s.Policy.Require = chosen, r.f.require
	return nil
}

// narrow spells --only as what to enable and what to disable.
func (r *resolver) narrow(all []*rules.Rule) {
	if len(r.f.only) == 0 {
		return
	}
	var enable, disable []string
	for _, rule := range all {
		switch {
		case slices.ContainsFunc(r.f.only, rule.Matches):
			enable = append(enable, rule.ID())
		case !slices.ContainsFunc(r.s.Enable, rule.Matches):
			disable = append(disable, rule.ID())
		}
	}
	r.s.Enable, r.s.Disable = append(r.s.Enable, enable...), append(r.s.Disable, disable...)
}
