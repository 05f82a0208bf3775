package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/config"
	"github.com/klplint/klplint/cmd/klplint/internal/input"
	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/rules"
)

// Settings are what flags, environment, configuration and profiles come to. A
// command reads the parts whose flags it has added.
type Settings struct {
	// File is the path of the configuration; "" when there is none. Found: it was
	// looked for, and nobody named it.
	File  string
	Found bool
	// Files are all that was read, the configuration among them, and the kernels'.
	Files []string
	// Keys are the values of the configuration's keys, in the order of
	// config.Keys, as far as the command has their flags.
	Keys []Value
	// Waivers and Custom count the entries of all files.
	Waivers, Custom int

	// Inputs say how arguments are read, but for the standard input.
	Inputs  input.Options
	Against []string

	Kernel       Kernel
	ReplaceField klp.ReplaceKind // "" leaves it open
	Model        Model
	SharedFuncs  []string // globs, checked

	// FailOn is the threshold for commands that judge without policy; with one it
	// is Policy.FailOn too. 0 means never.
	FailOn finding.Severity
	// Rules are klplint's own, those about policy, and custom ones; Enable and
	// Disable choose among them, and Policy.Rules are those chosen.
	Rules           []*rules.Rule
	Enable, Disable []string
	Policy          policy.Policy
	// Known is the file of known findings, WriteKnown where to write the findings;
	// "" for none and nowhere.
	Known, WriteKnown string
}

// Value is what holds for one key of the configuration.
type Value struct {
	Key    *config.Key
	Values []string
	// Origin says who says so: the flag, the variable, "FILE:LINE", "profile" or
	// "default".
	Origin string
}

// SetOptions are the choices of the set rules.
func (s *Settings) SetOptions() moduleset.Options {
	return moduleset.Options{Model: s.Model.Name, ZeroSpecial: s.Model.ZeroSpecial, AssumeSympos01: s.Model.Sympos01, SharedFuncs: s.SharedFuncs}
}

// resolver is one call of Resolve.
type resolver struct {
	fs      *pflag.FlagSet
	f       *Flags
	env     func(string) string
	s       *Settings
	file    *config.File
	sources []*config.File    // it, and those of --waivers and --custom
	origin  map[string]string // by flag
	profile Profile
}

// Resolve works out what holds for a command with these flags, which were
// parsed. env returns the value of an environment variable.
func Resolve(fs *pflag.FlagSet, f *Flags, env func(string) string) (*Settings, error) {
	r := &resolver{fs: fs, f: f, env: env, s: &Settings{}, origin: make(map[string]string)}
	if f.literal && fs.ArgsLenAtDash() != 0 {
		return nil, errors.New("--literal-paths: the options must end with --, and the paths follow it")
	}
	steps := []struct {
		flag string // the step is for commands that have it
		do   func() error
	}{
		{"config", r.configuration},
		{"profile", r.profiles},
		{"config", r.rules},
		{"known", r.policy},
		{"model", r.model},
		{"enable", r.choice},
		{"kernel", r.kernel},
	}
	for _, step := range steps {
		if fs.Lookup(step.flag) == nil {
			continue
		}
		if err := step.do(); err != nil {
			return nil, err
		}
	}
	s := r.s
	s.Inputs = f.Inputs()
	s.Against, s.ReplaceField = f.against, klp.ReplaceKind(f.replaceField.Value)
	s.FailOn = finding.Severity(f.failOn)
	s.Policy.FailOn, s.Policy.AllowEmpty = s.FailOn, f.allowEmpty
	r.keys()
	for _, file := range r.sources {
		s.Files = append(s.Files, file.Path)
	}
	s.Files = slices.Concat(s.Files, f.expect, s.Kernel.Paths)
	if s.Known != "" {
		s.Files = append(s.Files, s.Known)
	}
	return s, nil
}

// policy reads waivers, severities and known findings.
func (r *resolver) policy() error {
	p := &r.s.Policy
	var err error
	if p.Severity, err = r.severities(); err != nil {
		return err
	}
	for _, file := range r.sources {
		for i := range file.Waivers {
			p.Waivers = append(p.Waivers, file.Waivers[i].Waiver)
		}
	}
	p.Now = time.Now().UTC()
	p.Accept, r.s.WriteKnown = r.f.writeKnown != "", r.f.writeKnown
	return r.known()
}

// known reads --known. A rule tagged security is protected from a file that
// the command line does not name.
func (r *resolver) known() error {
	path := r.f.known
	if path == "" {
		return nil
	}
	r.s.Known = path
	data, err := config.Read(path, policy.MaxKnownSize)
	if errors.Is(err, fs.ErrNotExist) && path == r.f.writeKnown {
		return nil // it will be written for the first time
	}
	if err != nil {
		return fmt.Errorf("known findings: %w", err)
	}
	known, err := policy.ParseKnown(data)
	switch {
	case errors.Is(err, policy.ErrKnownSchema) && path == r.f.writeKnown:
		return nil // it will be written anew
	case errors.Is(err, policy.ErrKnownSchema):
		return fmt.Errorf("%s: %w; klplint --known %s --write-known %s PATH... writes it anew", path, err, path, path)
	case err != nil:
		return fmt.Errorf("%s: %w", path, err)
	}
	p := &r.s.Policy
	p.Known = known
	if r.origin["known"] != "--known" {
		p.Protected = make(map[string]bool)
		for _, rule := range r.s.Rules {
			if slices.Contains(rule.Tags, "security") {
				p.Protected[rule.ID()] = true
			}
		}
	}
	return nil
}
