package settings

import (
	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/flags"
	"github.com/klplint/klplint/cmd/klplint/internal/input"
	"github.com/klplint/klplint/finding"
)

// Flags hold what the command line says, in groups that a command adds to its
// own flags. Resolve reads them.
type Flags struct {
	nul, allowEmpty, literal bool

	kernels      []string
	replaceField flags.Choice

	model       string
	allModels   bool // --model all is allowed
	zeroSpecial bool
	assumeFix   []string

	failOn flags.Threshold

	config string
	custom []string

	profiles   []string
	severity   []string // ID=severity
	shared     []string
	waivers    []string
	known      string
	writeKnown string
	expect     []string

	against                        []string
	only, enable, disable, require []string
}

// AddInputs adds the flags about lists of paths and empty folders.
func (f *Flags) AddInputs(fs *pflag.FlagSet) {
	fs.BoolVarP(&f.nul, "null", "z", false, "lists of paths (@FILE, -) are separated by NUL bytes")
	fs.BoolVar(&f.allowEmpty, "allow-empty", false, "a directory without modules is not an error")
	fs.BoolVar(&f.literal, "literal-paths", false, "each PATH follows -- and is taken literally: no @FILE, no pattern, no - (for hooks)")
}

// Inputs say how arguments are read, but for the standard input.
func (f *Flags) Inputs() input.Options {
	return input.Options{NUL: f.nul, AllowEmpty: f.allowEmpty, Literal: f.literal}
}

// AddKernel adds the flags about the target kernel.
func (f *Flags) AddKernel(fs *pflag.FlagSet) {
	flags.Array(fs, &f.kernels, "kernel", "the target kernel: `PATH` of its files or a package, or a release; repeatable; none disables the search on this machine")
	f.AddReplaceField(fs)
}

// AddReplaceField adds the flag about the field in the slot of replace alone.
func (f *Flags) AddReplaceField(fs *pflag.FlagSet) {
	f.replaceField.Allowed = []string{"flag", "set", "sets"}
	fs.Var(&f.replaceField, "replace-field", "the type of the replace field where the module does not reveal it: flag, set or sets")
}

// AddModel adds the flags that choose among the readings of the replace
// semantics. all: they may be asked for together.
func (f *Flags) AddModel(fs *pflag.FlagSet, all bool) {
	f.allModels = all
	fs.StringVar(&f.model, "model", "", "the replace `MODEL` (default: the module's own field decides)")
	fs.BoolVar(&f.zeroSpecial, "zero-special", false, "set 0 is replaced by a patch of set 0 only")
	flags.Array(fs, &f.assumeFix, "assume-fix", "the kernel has this `FIX`: sympos01")
}

// AddFailOn adds --fail-on.
func (f *Flags) AddFailOn(fs *pflag.FlagSet) {
	f.failOn = flags.Threshold(finding.Error)
	fs.Var(&f.failOn, "fail-on", "exit with 1 for findings of this severity or worse: info, warning, error or never")
}

// AddConfig adds the flags that say where the configuration is and which rules
// there are beside klplint's own. Only a command with them reads a
// configuration.
func (f *Flags) AddConfig(fs *pflag.FlagSet) {
	fs.StringVar(&f.config, "config", "", "read the configuration `FILE`; none reads none (default: .klplint.yaml in this directory or its parents)")
	flags.Array(fs, &f.custom, "custom", "read custom rules from `FILE` too; repeatable")
}

// AddPolicy adds what chooses among the rules, reads the replace semantics and
// says which findings count: all that a verdict on modules needs which were
// read before.
func (f *Flags) AddPolicy(fs *pflag.FlagSet) {
	f.AddModel(fs, false)
	flags.Slice(fs, &f.only, "only", "run these rules and no others: `ID`, glob or tag; --enable adds to them")
	flags.Slice(fs, &f.enable, "enable", "also run these rules: `ID`, glob or tag")
	flags.Slice(fs, &f.disable, "disable", "do not run these rules: `ID`, glob or tag")
	f.AddFailOn(fs)
	f.AddConfig(fs)
	flags.Slice(fs, &f.profiles, "profile", "the settings of a `PROFILE`: kpatch, klp-build, suse or strict; repeatable")
	flags.Slice(fs, &f.severity, "severity", "give a rule another severity: `ID=SEVERITY`; repeatable")
	flags.Slice(fs, &f.shared, "shared-func", "`GLOB` of funcs that every livepatch patches on purpose; repeatable")
	flags.Array(fs, &f.waivers, "waivers", "read waivers from `FILE` too; repeatable")
	fs.StringVar(&f.known, "known", "", "the findings in `FILE` do not count")
}

// AddRequire adds --require.
func (f *Flags) AddRequire(fs *pflag.FlagSet) {
	flags.Slice(fs, &f.require, "require", "exit with 2 when the rule with this ID, or any rule about the kernel, could not judge a module: `RULE|kernel`; repeatable")
}

// AddLint adds all that a run of the rules takes.
func (f *Flags) AddLint(fs *pflag.FlagSet) {
	flags.Array(fs, &f.against, "against", "compare with the already-built modules at `PATH`; repeatable")
	f.AddKernel(fs)
	f.AddPolicy(fs)
	f.AddRequire(fs)
	fs.StringVar(&f.writeKnown, "write-known", "", "write the findings to `FILE`, for --known")
	flags.Array(fs, &f.expect, "expect", "the livepatches must contain what the manifest `FILE` says; repeatable")
	f.AddInputs(fs)
}
