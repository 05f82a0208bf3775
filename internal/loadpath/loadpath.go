// Package loadpath lists the places on the kernel's way from finit_module() to
// the end of klp_enable_patch() that can refuse a module, warn of it, taint the
// kernel for it or die of it, by what the module's bytes hold. Each has the rule
// that foretells it, or the reason why no file shows it.
//
// It is data: docs/load-path.md is generated from it, and tests hold it against
// the rules and the kinds of mutants.
package loadpath

import (
	"fmt"
	"strings"
)

// Row is one such place.
type Row struct {
	File     string   // of the kernel's source
	Func     string   // the function there
	Releases string   // where the check is, of those that were read: 6.1, 6.12, 7.3; "" for all
	Answer   string   // an errno, "crash", "taint" or "warning"
	Message  string   // the kernel's log line, shortened; "" where it logs none
	Decides  string   // what decides, in a few words
	Rules    []string // the rules that foretell it; "reader" is the refusal to read such a file
	Reason   string   // why no rule does, where Rules is empty
	Kinds    []string // the kinds of mutants that reach it; none where a Reason says why
}

// Reader stands in Rules for what klplint does with a file that it cannot read:
// the file does not pass, and the exit code is 2.
const Reader = "reader"

// Reasons that many rows share.
const (
	memory  = "memory runs out or not by what else the machine does"
	machine = "decided by the running machine: its command line, its policy, what is loaded"
	code    = "decided by what the module's own code does when it runs"
)

// Document is docs/load-path.md.
func Document() string {
	var b strings.Builder
	b.WriteString(`# What a pass means

The places on a kernel's way from finit_module() to the end of klp_enable_patch() that can refuse a module, warn of it, taint
the kernel for it, or die of it, by what the module's bytes hold. A module passes when every rule that is named here was
judged, or is listed as not evaluated with what it needs; what no file shows has its reason. *reader*: klplint does not read
such a file, and says so with exit code 2.

Read in the sources of 6.1, 6.12 and 7.3 as Debian ships them. The page is generated: ` + "`internal/loadpath`" + ` is the table, its
tests hold it against the rules and against the kinds of mutants that ` + "`internal/kerneltest`" + ` loads into real kernels
([kernel-agreement.md](kernel-agreement.md)).

`)
	with, readers := 0, 0
	for i := range Rows {
		if r := &Rows[i]; len(r.Rules) > 0 {
			with++
			if len(r.Rules) == 1 && r.Rules[0] == Reader {
				readers++
			}
		}
	}
	fmt.Fprintf(&b, "%d rows: %d are foretold, %d of them by the reader; %d have a reason why not.\n", len(Rows), with, readers, len(Rows)-with)
	file := ""
	for i := range Rows {
		r := &Rows[i]
		if r.File != file {
			file = r.File
			fmt.Fprintf(&b, "\n## %s\n\n| function | releases | answer | message | what decides | foretold by |\n|---|---|---|---|---|---|\n", file)
		}
		by := strings.Join(r.Rules, ", ")
		if by == "" {
			by = "nothing: " + r.Reason
		}
		releases := r.Releases
		if releases == "" {
			releases = "all"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", r.Func, releases, r.Answer, cell(r.Message), cell(r.Decides), by)
	}
	return b.String()
}

// cell escapes what would end a cell of the table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
