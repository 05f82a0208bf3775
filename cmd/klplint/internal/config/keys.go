package config

import (
	"os"
	"strings"

	"github.com/klplint/klplint/replace"
)

// Kind is the type of a key's value.
type Kind int

// The kinds.
const (
	Word       Kind = iota // a string
	Words                  // a list of strings
	Truth                  // true or false
	Text                   // a string of several lines
	Date                   // a string "2026-12-31"
	Severities             // a mapping from rule ID to severity
	Waivers                // a list of waivers
	Custom                 // a list of custom rules
)

// Key is one key of the file.
type Key struct {
	Name     string
	Flag     string // the command's flag; "" for the keys of waivers and custom rules
	Kind     Kind
	Values   []string // the words allowed; nil for any
	Path     bool     // the values are paths, relative to the file's folder
	Registry bool     // and a path is that of an SQLite file; it may be a URL
	Required bool
	Doc      string // one sentence or two, without line breaks
	Example  string // in YAML, for `klplint config init`
}

// Env is the name of the environment variable that stands for the key's flag.
func (k *Key) Env() string {
	return "KLPLINT_" + strings.ToUpper(strings.ReplaceAll(k.Flag, "-", "_"))
}

// Split takes the value of the environment variable apart: paths at the
// system's list separator, words at commas.
func (k *Key) Split(value string) []string {
	switch {
	case k.Kind == Word || k.Kind == Truth:
		return []string{value}
	case k.Path:
		return strings.Split(value, string(os.PathListSeparator))
	}
	return strings.Split(value, ",")
}

var severities = []string{"info", "warning", "error"}

// Keys returns the keys of the file, in the order in which they are documented.
func Keys() []Key {
	return []Key{
		{Name: "model", Flag: "model", Kind: Word, Values: models(), Doc: "The replace model under which livepatches are compared. Without it each module's own field decides.", Example: "mainline"},
		{Name: "zero-special", Flag: "zero-special", Kind: Truth, Doc: "Set 0 is replaced by a livepatch of set 0 only.", Example: "true"},
		{Name: "assume-fix", Flag: "assume-fix", Kind: Words, Values: []string{"sympos01"}, Doc: "Fixes that the kernel is assumed to have.", Example: "[sympos01]"},
		{Name: "replace-field", Flag: "replace-field", Kind: Word, Values: []string{"flag", "set", "sets"}, Doc: "The type of the replace field where the module does not reveal it.", Example: "flag"},
		{Name: "kernels", Flag: "kernel", Kind: Words, Path: true, Doc: "The target kernels: files and directories of them; none disables the search on this machine.", Example: "[kernels/vmlinux-6.12.111]"},
		{Name: "against", Flag: "against", Kind: Words, Path: true, Doc: "The already-built livepatches to compare with: files or directories.", Example: "[released/]"},
		{Name: "registry", Flag: "registry", Kind: Word, Path: true, Registry: true, Doc: "The registry of already-built livepatches: a file, or the URL of a database.", Example: "/var/lib/klplint/registry.db"},
		{Name: "fail-on", Flag: "fail-on", Kind: Word, Values: []string{"info", "warning", "error", "never"}, Doc: "The lowest severity of findings that makes klplint exit with 1.", Example: "warning"},
		{Name: "enable", Flag: "enable", Kind: Words, Doc: "Rules to run in addition to the default ones: IDs, globs or tags.", Example: "[KLP505]"},
		{Name: "disable", Flag: "disable", Kind: Words, Doc: "Rules not to run: IDs, globs or tags.", Example: "[KLP503]"},
		{Name: "require", Flag: "require", Kind: Words, Doc: "Inputs or rules that must be evaluated: kernel, or an ID.", Example: "[kernel]"},
		{Name: "severity", Flag: "severity", Kind: Severities, Doc: "Severities of rules, by ID.", Example: "{KLP113: error}"},
		{Name: "shared-funcs", Flag: "shared-func", Kind: Words, Doc: "Globs over funcs (func, or object:func) that every livepatch patches on purpose: KLP401 does not warn about them.", Example: `["vmlinux:*newuname"]`},
		{Name: "profiles", Flag: "profile", Kind: Words, Values: []string{"kpatch", "klp-build", "suse", "strict"}, Doc: "Settings for one toolchain or vendor; see docs/policy.md.", Example: "[kpatch]"},
		{Name: "known", Flag: "known", Kind: Word, Path: true, Doc: "The file of known findings, which do not count.", Example: "known-findings.json"},
		{Name: "expect", Flag: "expect", Kind: Words, Path: true, Doc: "Manifests of what the livepatches are meant to contain.", Example: "[patched_funcs.csv]"},
		{Name: "waivers", Flag: "waivers", Kind: Waivers, Doc: "Findings that are accepted, each with its reason."},
		{Name: "custom", Flag: "custom", Kind: Custom, Doc: "The site's own rules, written in CEL."},
	}
}

// WaiverKeys returns the keys of one waiver.
func WaiverKeys() []Key {
	return []Key{
		{Name: "rule", Kind: Word, Required: true, Doc: "The rule's ID."},
		{Name: "module", Kind: Word, Required: true, Doc: "A glob over the modules' own names."},
		{Name: "object", Kind: Word, Doc: "A glob over the patched object that the finding names."},
		{Name: "func", Kind: Word, Doc: "A glob over the func that the finding names, with or without its sympos."},
		{Name: "reason", Kind: Text, Required: true, Doc: "Why the finding is accepted."},
		{Name: "owner", Kind: Word, Doc: "Whom to ask."},
		{Name: "until", Kind: Date, Doc: "The last day (UTC) on which the waiver holds: YYYY-MM-DD."},
	}
}

// CustomKeys returns the keys of one custom rule.
func CustomKeys() []Key {
	return []Key{
		{Name: "id", Kind: Word, Required: true, Doc: "The rule's ID: capital letters and then digits, not beginning with KLP."},
		{Name: "message", Kind: Word, Required: true, Doc: "The rule's title, and what a finding says."},
		{Name: "doc", Kind: Text, Required: true, Doc: "The reason for the rule."},
		{Name: "fix", Kind: Text, Doc: "What to do about a finding."},
		{Name: "severity", Kind: Word, Values: severities, Doc: "The severity of its findings; error by default."},
		{Name: "over", Kind: Word, Values: []string{"module", "pairs"}, Doc: "What the expression is about: each module (the default), or each pair of a module and another one of its kernel."},
		{Name: "tags", Kind: Words, Doc: "Tags for enable and disable."},
		{Name: "expr", Kind: Text, Required: true, Doc: "The CEL expression: true where all is well, or a list of messages, each a finding."},
	}
}

func models() []string {
	var names []string
	for _, m := range replace.All() {
		names = append(names, m.Name())
	}
	return names
}
