package report

import (
	"fmt"
	"io"

	"github.com/klplint/klplint/cmd/klplint/internal/diff"
	"github.com/klplint/klplint/cmd/klplint/internal/matrix"
	"github.com/klplint/klplint/cmd/klplint/internal/timeline"
	"github.com/klplint/klplint/rules"
)

// Formatter writes one form, such as the result of lint, in one format.
type Formatter[Form any] func(w io.Writer, form Form, o Options) error

// Formats are the formats that a form is written in, by the names that --format
// takes.
type Formats[F any] []Format[F]

// Format is a formatter and its name. F is a Formatter, or what begins a
// Dumper.
type Format[F any] struct {
	Name  string
	Write F
}

// Names lists the formats in their order.
func (f Formats[F]) Names() []string {
	names := make([]string, len(f))
	for i := range f {
		names[i] = f[i].Name
	}
	return names
}

// Named returns a format's function. A name that is none of Names is an error.
func (f Formats[F]) Named(name string) (F, error) {
	for i := range f {
		if f[i].Name == name {
			return f[i].Write, nil
		}
	}
	var none F
	return none, fmt.Errorf("no format %q", name)
}

// LintFormats are those of lint and gate.
func LintFormats() Formats[Formatter[*Lint]] {
	return Formats[Formatter[*Lint]]{
		{"text", LintText},
		{"table", LintTable},
		{"json", LintJSON},
		{"sarif", LintSARIF},
		{"sarif-github", LintSARIFGitHub},
		{"junit", LintJUnit},
		{"github", LintGitHub},
		{"gitlab", LintGitLab},
		{"markdown", LintMarkdown},
		{"html", LintHTML},
	}
}

// DumpFormats are those of dump.
func DumpFormats() Formats[func(io.Writer, Options) Dumper] {
	return Formats[func(io.Writer, Options) Dumper]{
		{"text", NewDumpText},
		{"table", NewDumpTable},
		{"json", NewDumpJSON},
		{"manifest", NewDumpManifest},
	}
}

// TraceFormats are those of trace.
func TraceFormats() Formats[Formatter[*Trace]] {
	return Formats[Formatter[*Trace]]{
		{"table", TraceTable},
		{"text", TraceText},
		{"json", TraceJSON},
		{"markdown", TraceMarkdown},
		{"svg", TraceSVG},
		{"html", TraceHTML},
	}
}

// DiffFormats are those of diff.
func DiffFormats() Formats[Formatter[*diff.Diff]] {
	return Formats[Formatter[*diff.Diff]]{
		{"text", DiffText},
		{"table", DiffTable},
		{"json", DiffJSON},
		{"markdown", DiffMarkdown},
		{"html", DiffHTML},
	}
}

// MatrixFormats are those of matrix.
func MatrixFormats() Formats[Formatter[*matrix.Matrix]] {
	return Formats[Formatter[*matrix.Matrix]]{
		{"text", MatrixText},
		{"table", MatrixTable},
		{"json", MatrixJSON},
		{"markdown", MatrixMarkdown},
		{"html", MatrixHTML},
	}
}

// KernelFormats are those of kernel.
func KernelFormats() Formats[Formatter[*Kernels]] {
	return Formats[Formatter[*Kernels]]{
		{"text", KernelsText},
		{"table", KernelsTable},
		{"json", KernelsJSON},
	}
}

// RegistryFormats are those of registry list, find and show.
func RegistryFormats() Formats[func(io.Writer, *RegistryList, Options) RegistryPages] {
	return Formats[func(io.Writer, *RegistryList, Options) RegistryPages]{
		{"text", RegistryText},
		{"table", RegistryTable},
		{"json", RegistryJSON},
	}
}

// RulesFormats are those of rules.
func RulesFormats() Formats[Formatter[[]*rules.Rule]] {
	return Formats[Formatter[[]*rules.Rule]]{
		{"text", RulesText},
		{"table", RulesTable},
		{"json", RulesJSON},
	}
}

// ExplainFormats are those of explain, which has no table.
func ExplainFormats() Formats[Formatter[*Explanation]] {
	return Formats[Formatter[*Explanation]]{
		{"text", ExplainText},
		{"table", ExplainText},
		{"json", ExplainJSON},
	}
}

// SettingsFormats are those of config show.
func SettingsFormats() Formats[Formatter[*Settings]] {
	return Formats[Formatter[*Settings]]{
		{"text", SettingsText},
		{"table", SettingsTable},
		{"json", SettingsJSON},
	}
}

// VersionFormats are those of version, which has no table.
func VersionFormats() Formats[Formatter[Version]] {
	return Formats[Formatter[Version]]{
		{"text", VersionText},
		{"table", VersionText},
		{"json", VersionJSON},
	}
}

// TraceSVG draws the traces as a picture that stands alone.
func TraceSVG(w io.Writer, t *Trace, _ Options) error {
	return timeline.Draw(w, t.Traces, timeline.Options{})
}
