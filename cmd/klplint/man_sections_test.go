package main

import (
	"fmt"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/config"
)

// manSections are what cobra's pages lack, in man's own language.
func manSections() string {
	var b strings.Builder
	item := func(name, text string) {
		fmt.Fprintf(&b, ".TP\n\\fB%s\\fP\n%s\n", manEscape(name), manEscape(text))
	}
	b.WriteString(".SH EXIT STATUS\n")
	item("0", "everything was checked, and nothing is at or above --fail-on")
	item("1", "findings; for a registry: nothing found")
	item("2", "something could not be checked or written; outranks 1")
	item("3", "wrong usage or configuration, found before any work")
	item("128+N", "ended by signal N")
	b.WriteString(".SH ENVIRONMENT\n")
	item("KLPLINT_CONFIG", "the configuration file, as --config names it")
	for _, k := range config.Keys() {
		if k.Flag != "" {
			item(k.Env(), "the value of --"+k.Flag+" where the command line has none")
		}
	}
	item("NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, TERM", "forbid or force colours")
	item("PGPASSWORD, PGPASSFILE", "the password of a PostgreSQL registry")
	item("XDG_CACHE_HOME, XDG_STATE_HOME", "where the cache of kernels and the registry are kept")
	item("TMPDIR", "where packages and large modules are unpacked for the time of the run")
	b.WriteString(".SH FILES\n")
	item(config.Name, "the configuration, in the working directory or above it")
	item("~/.cache/klplint", "what was learned of kernels; may be removed at any time")
	item("~/.local/state/klplint", "the registry, where no other is named")
	item("/boot, /lib/modules", "the kernels of this machine")
	return b.String()
}

// manEscape makes text of a string in man's language.
func manEscape(s string) string {
	s = strings.ReplaceAll(s, `\`, `\e`)
	s = strings.ReplaceAll(s, "-", `\-`)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}
