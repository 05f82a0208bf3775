package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

// commonFlags are taken by every subcommand.
type commonFlags struct {
	formats []string
	jobs    int
	quiet   bool
	color   choice
	noCache bool
}

// kernels returns how kernels are loaded.
func (f *commonFlags) kernels() kernel.Options {
	if f.noCache {
		return kernel.Options{}
	}
	return kernel.Options{CacheDir: kernel.DefaultCacheDir()}
}

func (f *commonFlags) register(fs *pflag.FlagSet) {
	f.color = choice{value: "auto", allowed: []string{"auto", "always", "never"}}
	arrayFlag(fs, &f.formats, "format", "output `FORMAT`, or FORMAT=FILE; repeatable (default table on a terminal, else text)")
	fs.IntVarP(&f.jobs, "jobs", "j", 0, "work on `N` files at once (default: the number of CPUs)")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "leave out summaries and progress")
	fs.Var(&f.color, "color", "colours: auto, always or never")
	fs.BoolVar(&f.noCache, "no-cache", false, "learn kernels anew, and keep nothing of them")
}

// inputFlags say where the modules are.
type inputFlags struct {
	nul        bool
	allowEmpty bool
}

func (f *inputFlags) register(fs *pflag.FlagSet) {
	fs.BoolVarP(&f.nul, "null", "z", false, "lists of paths (@FILE, -) are separated by NUL bytes")
	fs.BoolVar(&f.allowEmpty, "allow-empty", false, "a folder without modules is no error")
}

// kernelFlags say what is known of the target kernel.
type kernelFlags struct {
	kernels      []string
	replaceField choice
}

func (f *kernelFlags) register(fs *pflag.FlagSet) {
	f.replaceField = choice{allowed: []string{"flag", "set", "sets"}}
	arrayFlag(fs, &f.kernels, "kernel", "the target kernel at `PATH`, repeatable; none looks at no kernel of this machine")
	fs.Var(&f.replaceField, "replace-field", "what stands in the slot of replace where the module cannot tell: flag, set or sets")
}

// none reports whether the user forbade looking at the machine.
func (f *kernelFlags) none() bool { return slices.Contains(f.kernels, "none") }

// check refuses contradictions.
func (f *kernelFlags) check() error {
	if f.none() && len(f.kernels) > 1 {
		return usageErrorf("--kernel none together with --kernel %s", f.kernels[1-slices.Index(f.kernels, "none")%2])
	}
	return nil
}

// field returns --replace-field, "" when it was not given.
func (f *kernelFlags) field() klp.ReplaceKind { return klp.ReplaceKind(f.replaceField.value) }

// modelFlags choose among the readings of the replace semantics.
type modelFlags struct {
	model       string
	zeroSpecial bool
	assumeFix   []string
}

func (f *modelFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.model, "model", "", "the replace `MODEL` (default: the module's own field decides)")
	fs.BoolVar(&f.zeroSpecial, "zero-special", false, "set 0 is replaced by a patch of set 0 only")
	arrayFlag(fs, &f.assumeFix, "assume-fix", "the kernel has this `FIX`: sympos01")
}

// failOnFlag is --fail-on. The zero severity means never.
type failOnFlag struct {
	severity finding.Severity
}

func (f *failOnFlag) register(fs *pflag.FlagSet) {
	f.severity = finding.Error
	fs.Var(f, "fail-on", "exit with 1 for findings of this severity or worse: info, warning, error or never")
}

// Set reads the flag's value.
func (f *failOnFlag) Set(s string) error {
	if s == "never" {
		f.severity = 0
		return nil
	}
	v, err := finding.ParseSeverity(s)
	if err != nil {
		return suggested(s, []string{"info", "warning", "error", "never"})
	}
	f.severity = v
	return nil
}

// String returns what Set reads.
func (f *failOnFlag) String() string {
	if f.severity == 0 {
		return "never"
	}
	return f.severity.String()
}

// Type is the name of the value in the usage.
func (f *failOnFlag) Type() string { return "severity" }

// choice is a flag with a fixed list of values.
type choice struct {
	value   string
	allowed []string
}

// Set reads the flag's value.
func (c *choice) Set(s string) error {
	if !slices.Contains(c.allowed, s) {
		return suggested(s, c.allowed)
	}
	c.value = s
	return nil
}

// String returns the value.
func (c *choice) String() string { return c.value }

// Type is the name of the value in the usage.
func (c *choice) Type() string { return "word" }

// suggested is the error for a word outside a list.
func suggested(word string, allowed []string) error {
	list := strings.Join(allowed[:len(allowed)-1], ", ") + " or " + allowed[len(allowed)-1]
	if near := nearest(word, allowed); near != "" {
		return fmt.Errorf("want %s; did you mean %s?", list, near)
	}
	return fmt.Errorf("want %s", list)
}
