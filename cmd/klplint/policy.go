package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/config"
	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/manifest"
	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/siterule"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/yamldoc"
	"github.com/klplint/klplint/rules"
)

// configFlags say where the configuration is and which rules there are beside
// klplint's own.
type configFlags struct {
	config string
	custom []string
}

func (f *configFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.config, "config", "", "read the configuration `FILE`; none reads none (default: .klplint.yaml here or in a folder above)")
	arrayFlag(fs, &f.custom, "custom", "read custom rules from `FILE` too; repeatable")
}

// policyFlags say what becomes of findings.
type policyFlags struct {
	configFlags
	profiles   []string
	severity   []string // ID=severity
	shared     []string
	waivers    []string
	known      string
	writeKnown string
	expect     []string
}

func (f *policyFlags) register(fs *pflag.FlagSet) {
	f.configFlags.register(fs)
	sliceFlag(fs, &f.profiles, "profile", "the choices of a `PROFILE`: kpatch, klp-build, suse or strict; repeatable")
	sliceFlag(fs, &f.severity, "severity", "give a rule another severity: `ID=SEVERITY`; repeatable")
	sliceFlag(fs, &f.shared, "shared-func", "`GLOB` of funcs that every livepatch patches on purpose; repeatable")
	arrayFlag(fs, &f.waivers, "waivers", "read waivers from `FILE` too; repeatable")
	fs.StringVar(&f.known, "known", "", "the findings in `FILE` do not count")
	fs.StringVar(&f.writeKnown, "write-known", "", "write the findings to `FILE`, for --known")
	arrayFlag(fs, &f.expect, "expect", "the livepatches must contain what the manifest `FILE` says; repeatable")
}

// decisions are what the flags, the environment and the configuration come to.
type decisions struct {
	file    *config.File   // nil when there is no configuration
	sources []*config.File // it, and those of --waivers and --custom
	origin  map[string]string
	all     []*rules.Rule // klplint's own, those about policy, and custom ones
	profile profile
	policy  policy.Policy
}

// configuration finds and reads the configuration, and gives its settings and
// those of the environment to the flags that the command line leaves alone.
func (a *app) configuration(fs *pflag.FlagSet, f *configFlags) (*decisions, error) {
	d := &decisions{origin: make(map[string]string)}
	path, named := f.config, fs.Changed("config")
	if !named {
		path = a.getenv("KLPLINT_CONFIG")
	}
	found := false
	if path == "" && !named {
		var err error
		if path, err = config.Find(); err != nil {
			return nil, usageErrorf("configuration: %w", err)
		}
		found = path != ""
	}
	if named && path == "" {
		return nil, usageErrorf("--config: the file's name is missing")
	}
	if path != "" && path != "none" {
		file, err := config.Load(path)
		if err != nil {
			return nil, a.configError(err)
		}
		file.Named = named
		d.file, d.sources = file, []*config.File{file}
		if found && path != config.Name && !a.common.quiet {
			a.errorf("using %s (--config none forbids it)", path)
		}
	}
	return d, a.fill(fs, d)
}

// fill sets the flags that the command line leaves alone.
func (a *app) fill(fs *pflag.FlagSet, d *decisions) error {
	keys := config.Keys()
	for i := range keys {
		k := &keys[i]
		if fs.Lookup(k.Flag) == nil {
			continue
		}
		if fs.Changed(k.Flag) {
			d.origin[k.Flag] = "--" + k.Flag
			continue
		}
		if value := a.getenv(k.Env()); value != "" {
			d.origin[k.Flag] = k.Env()
			for _, word := range k.Split(value) {
				if err := fs.Set(k.Flag, word); err != nil {
					return usageErrorf("%s: %w", k.Env(), err)
				}
			}
			continue
		}
		if d.file == nil {
			continue
		}
		for _, s := range d.file.Settings {
			if s.Key.Name != k.Name {
				continue
			}
			for _, v := range s.Values {
				d.origin[k.Flag] = fmt.Sprintf("%s:%d", d.file.Path, v.Line())
				if err := setOne(fs, k.Flag, v.Text); err != nil {
					return a.configError(v.Fail("%s: %v", k.Name, err))
				}
			}
		}
	}
	return nil
}

// setOne gives a flag one value, which may hold a comma.
func setOne(fs *pflag.FlagSet, name, value string) error {
	f := fs.Lookup(name)
	list, ok := f.Value.(pflag.SliceValue)
	if !ok {
		return fs.Set(name, value)
	}
	if !f.Changed {
		f.Changed = true
		return list.Replace([]string{value})
	}
	return list.Append(value)
}

// customRules adds the custom rules to the built-in ones, and holds the
// configuration against all of them.
func (a *app) customRules(d *decisions, f *configFlags, builtin []*rules.Rule) error {
	for _, path := range f.custom {
		file, err := a.extra(path, config.ParseCustom)
		if err != nil {
			return err
		}
		d.sources = append(d.sources, file)
	}
	var custom []config.Rule
	for _, file := range d.sources {
		for i := range file.Custom {
			r := &file.Custom[i]
			if slices.ContainsFunc(custom, func(o config.Rule) bool { return o.ID == r.ID }) {
				return a.configError(r.FailID("id %s is there twice", r.ID))
			}
			custom = append(custom, *r)
		}
	}
	site, err := siterule.Compile(custom)
	if err != nil {
		return a.configError(err)
	}
	d.all = slices.Concat(builtin, site)
	for _, file := range d.sources {
		if err := file.Check(d.all); err != nil {
			return a.configError(err)
		}
	}
	return nil
}

// extra reads a file that a flag names beside the configuration.
func (a *app) extra(path string, parse func(string, []byte) (*config.File, error)) (*config.File, error) {
	data, err := config.Read(path, yamldoc.MaxSize)
	if err != nil {
		return nil, usageErrorf("%w", err)
	}
	file, err := parse(path, data)
	if err != nil {
		return nil, a.configError(err)
	}
	return file, nil
}

// settle works out everything that policy depends on.
func (a *app) settle(fs *pflag.FlagSet, f *policyFlags) (*decisions, error) {
	d, err := a.configuration(fs, &f.configFlags)
	if err != nil {
		return nil, err
	}
	if d.profile, err = profiles(f.profiles); err != nil {
		return nil, err
	}
	expected, err := manifests(f.expect)
	if err != nil {
		return nil, err
	}
	for _, path := range f.waivers {
		file, err := a.extra(path, config.ParseWaivers)
		if err != nil {
			return nil, err
		}
		file.Named = d.origin["waivers"] == "--waivers"
		d.sources = append(d.sources, file)
	}
	known := slices.Concat(rules.All(), policy.Rules(expected, d.profile.toolchain))
	if err := a.customRules(d, &f.configFlags, known); err != nil {
		return nil, err
	}
	if d.policy.Severity, err = severities(f.severity, d); err != nil {
		return nil, err
	}
	for _, file := range d.sources {
		for i := range file.Waivers {
			d.policy.Waivers = append(d.policy.Waivers, file.Waivers[i].Waiver)
		}
	}
	d.policy.Now = time.Now().UTC()
	d.policy.Accept = f.writeKnown != ""
	return d, a.knownFindings(d, f)
}

// knownFindings reads --known. A rule tagged security is protected from a file
// that the command line does not name.
func (a *app) knownFindings(d *decisions, f *policyFlags) error {
	if f.known == "" {
		return nil
	}
	data, err := config.Read(f.known, policy.MaxKnownSize)
	if errors.Is(err, fs.ErrNotExist) && f.known == f.writeKnown {
		return nil // it will be written for the first time
	}
	if err != nil {
		return usageErrorf("known findings: %w", err)
	}
	known, err := policy.ParseKnown(data)
	if err != nil {
		return usageErrorf("%s: %w", f.known, err)
	}
	d.policy.Known = known
	if d.origin["known"] != "--known" {
		d.policy.Protected = make(map[string]bool)
		for _, r := range d.all {
			if slices.Contains(r.Tags, "security") {
				d.policy.Protected[r.ID()] = true
			}
		}
	}
	return nil
}

// severities reads --severity; those of a profile come first and give way.
func severities(words []string, d *decisions) (map[string]finding.Severity, error) {
	out := make(map[string]finding.Severity)
	for id, s := range d.profile.severity {
		out[id] = s
	}
	for _, word := range words {
		id, name, ok := strings.Cut(word, "=")
		if !ok {
			return nil, usageErrorf("--severity %s: want ID=SEVERITY", word)
		}
		r := findRule(d.all, id)
		if r == nil {
			return nil, usageErrorf("--severity %s: no rule has the ID %q%s", word, id, didYouMean(id, ruleIDs(d.all)))
		}
		s, err := finding.ParseSeverity(name)
		if err != nil {
			return nil, usageErrorf("--severity %s: %w", word, err)
		}
		out[r.ID()] = s
	}
	return out, nil
}

// manifests reads --expect; nil without it.
func manifests(paths []string) (*manifest.Manifest, error) {
	var all *manifest.Manifest
	for _, path := range paths {
		data, err := config.Read(path, manifest.MaxSize)
		if err != nil {
			return nil, usageErrorf("manifest: %w", err)
		}
		m, err := manifest.Parse(data)
		if err != nil {
			return nil, usageErrorf("%s: %w", path, err)
		}
		if all == nil {
			all = m
		} else if err := all.Add(m); err != nil {
			return nil, usageErrorf("%s: %w", path, err)
		}
	}
	return all, nil
}

// writeKnown writes the findings that the run accepted as known, where
// --write-known asks for it.
func (a *app) writeKnown(path string, p *policy.Policy, v *policy.Verdict) error {
	if path == "" {
		return nil
	}
	o := &output{dest: path, name: path}
	if err := a.open(o); err != nil {
		return err
	}
	_ = policy.WriteKnown(o, p.KnownAfter(v)) // a write error is kept by the output
	return a.closeOutputs([]*output{o})
}

// configError prints a mistake in a configuration with its place and the line,
// and returns exit code 3.
func (a *app) configError(err error) error {
	e, ok := errors.AsType[*yamldoc.Error](err)
	if !ok {
		if errors.Is(err, os.ErrNotExist) {
			return usageErrorf("configuration: %w", err)
		}
		return usageErrorf("%w", err)
	}
	a.errorf("%v", e)
	if e.Excerpt != "" {
		for line := range strings.Lines(e.Excerpt) {
			fmt.Fprintln(a.stderr, report.Escape(strings.TrimSuffix(line, "\n")))
		}
	}
	return &exitError{code: exitcode.Usage}
}
