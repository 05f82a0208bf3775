package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/replace/plan"
)

var updateTraces = flag.Bool("update-traces", false, "rewrite the golden files of traces")

func tracesOf(t *testing.T, file string, models ...replace.Model) []plan.Trace {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return tracesOfPlan(t, string(data), models...)
}

func tracesOfPlan(t *testing.T, source string, models ...replace.Model) []plan.Trace {
	t.Helper()
	p, err := plan.Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	var traces []plan.Trace
	for _, m := range models {
		traces = append(traces, p.Run(m, replace.Env{Behaviour: klp.Behaviour{Release: p.Kernel}})...)
	}
	return traces
}

func traceGolden(t *testing.T, name string, write func(io.Writer) error) {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "trace", name)
	if *updateTraces {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s (-golden +got):\n%s", name, diff)
	}
}

const workedExample = "../../../../replace/plan/testdata/worked-example.yaml"

// TestTraceGolden holds the worked example under each model, and all of
// them side by side.
func TestTraceGolden(t *testing.T) {
	for _, m := range replace.All() {
		traces := tracesOf(t, workedExample, m)
		traceGolden(t, m.Name()+".json", func(w io.Writer) error { return report.TraceJSON(w, &report.Trace{Traces: traces}, report.Options{}) })
		traceGolden(t, m.Name()+".table", func(w io.Writer) error { return report.TraceTable(w, &report.Trace{Traces: traces}, report.Options{}) })
	}
	all := tracesOf(t, workedExample, replace.All()...)
	traceGolden(t, "all.table", func(w io.Writer) error { return report.TraceTable(w, &report.Trace{Traces: all}, report.Options{}) })
	traceGolden(t, "all.txt", func(w io.Writer) error { return report.TraceText(w, &report.Trace{Traces: all}, report.Options{}) })
	traceGolden(t, "all.md", func(w io.Writer) error { return report.TraceMarkdown(w, &report.Trace{Traces: all}, report.Options{}) })
}

// everything has what the worked example lacks.
const everything = `
symbols: {vmlinux: [f, g, h]}
modules:
  - {name: old, replace: false, funcs: ["vmlinux:f,1", "vmlinux:g"], states: [{id: 7, version: 3}]}
  - {name: refused, replace: true, funcs: ["vmlinux:f", "vmlinux:missing"], states: [{id: 7, version: 2}]}
  - {name: undecided, replace: true, funcs: ["vmlinux:f"], states: [{id: 7, version: 3}]}
  - {name: pending, replace: false, funcs: ["ext4:x"]}
  - {name: ext4, kind: target, funcs: [x]}
  - {name: crash, replace: true, funcs: ["vmlinux:h"], enable_twice: true, states: [{id: 7, version: 3}]}
steps:
  - load: old
  - load: refused
  - load: pending
  - load: ext4
  - load: undecided
  - disable: pending
  - unload: undecided
  - load: crash
  - unload: crash
`

func TestTraceEverything(t *testing.T) {
	traces := tracesOfPlan(t, everything, replace.Mainline{}, replace.SetsFlat{})
	traceGolden(t, "everything.table", func(w io.Writer) error {
		return report.TraceTable(w, &report.Trace{Traces: traces}, report.Options{Width: 100})
	})
	traceGolden(t, "everything.txt", func(w io.Writer) error { return report.TraceText(w, &report.Trace{Traces: traces}, report.Options{}) })
	traceGolden(t, "everything.md", func(w io.Writer) error {
		return report.TraceMarkdown(w, &report.Trace{Traces: traces}, report.Options{})
	})
	traceGolden(t, "everything.json", func(w io.Writer) error { return report.TraceJSON(w, &report.Trace{Traces: traces}, report.Options{}) })
}

// TestTraceJSON reads the report back by the names of the contract.
func TestTraceJSON(t *testing.T) {
	var b bytes.Buffer
	if err := report.TraceJSON(&b, &report.Trace{Traces: tracesOf(t, workedExample, replace.SetsFlat{}, replace.Set{})}, report.Options{}); err != nil {
		t.Fatal(err)
	}
	type step struct {
		Op, Module, Outcome, Errno, Reason string
		Replaced                           []string
		Active                             []struct {
			Name string
			Sets []uint32
		}
		Owners map[string]string
	}
	var got struct {
		Schema int
		Traces []struct {
			Model string
			Steps []step
		}
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Schema != 1 || len(got.Traces) != 2 || got.Traces[0].Model != "sets-flat" {
		t.Fatalf("%+v", got)
	}
	last := got.Traces[0].Steps[4]
	if last.Outcome != "replaces" || last.Replaced[0] != "klp-2a" || last.Active[0].Name != "klp-2b" || last.Owners["vmlinux:uptime_proc_show"] != "klp-2b" {
		t.Errorf("%+v", last)
	}
	if r := got.Traces[1].Steps[3]; r.Outcome != "refused" || r.Errno != "EINVAL" || r.Reason == "" {
		t.Errorf("%+v", r)
	}
	if bytes.Contains(b.Bytes(), []byte("null")) {
		t.Error("a list is null")
	}
}

// TestTraceMarkdownWidth: no line of a mail is longer than a mail's line.
func TestTraceMarkdownWidth(t *testing.T) {
	for _, source := range []string{everything, mustRead(t, workedExample)} {
		var b bytes.Buffer
		if err := report.TraceMarkdown(&b, &report.Trace{Traces: tracesOfPlan(t, source, replace.All()...)}, report.Options{}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n >= 80 {
				t.Errorf("%d columns: %s", n, line)
			}
		}
	}
}

// longNames has names that no line of a mail can hold.
var longNames = `
symbols: {vmlinux: [` + longName + `]}
modules:
  - {name: ` + longName + `, replace: false, funcs: ["vmlinux:` + longName + `"]}
  - {name: b, replace: true, funcs: ["vmlinux:` + longName + `"]}
steps:
  - load: ` + longName + `
  - load: b
`

var longName = strings.Repeat("name_of_a_livepatch.part_", 2) + "end"

// TestTraceTextWidth: no line is longer than a mail's, or than the terminal's,
// and but for the place of its breaks nothing of it depends on that.
func TestTraceTextWidth(t *testing.T) {
	for _, source := range []string{everything, longNames, mustRead(t, workedExample)} {
		traces := &report.Trace{Traces: tracesOfPlan(t, source, replace.All()...)}
		for _, flag := range []string{"false", "true"} {
			reading := tracesOfPlan(t, source, replace.Mainline{})[0]
			reading.Reading = "assuming replace " + flag + " for " + longName + ", " + longName
			traces.Traces = append(traces.Traces, reading)
		}
		write := func(o report.Options) string {
			var b bytes.Buffer
			if err := report.TraceText(&b, traces, o); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
		// unbroken joins what continues a line.
		unbroken := func(s string) string {
			var b strings.Builder
			for line := range strings.Lines(s) {
				prefix, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
				if further, ok := strings.CutPrefix(rest, "    "); ok {
					b.WriteString(further)
				} else {
					b.WriteString("\n" + prefix + ":" + rest)
				}
			}
			return strings.ReplaceAll(b.String(), " ", "")
		}
		whole := write(report.Options{Width: 1 << 20, Terminal: true})
		for _, tt := range []struct {
			o    report.Options
			most int
		}{
			{report.Options{}, 76},
			{report.Options{Width: 120}, 76},
			{report.Options{Width: 60, Terminal: true}, 60},
			{report.Options{Width: 120, Terminal: true}, 120},
		} {
			got := write(tt.o)
			for line := range strings.Lines(got) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > tt.most {
					t.Errorf("%+v: %d columns: %s", tt.o, n, line)
				}
			}
			if diff := cmp.Diff(unbroken(whole), unbroken(got)); diff != "" {
				t.Errorf("%+v (-whole +got):\n%s", tt.o, diff)
			}
		}
	}
}

func mustRead(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestTraceHostile: names out of modules stay on their line and steer nothing.
func TestTraceHostile(t *testing.T) {
	name := "evil\x1b[2J\n| *x* <b>\u202e"
	traces := []plan.Trace{{Model: "mainline", Steps: []plan.Result{{
		Op: plan.Load, Module: name, Name: name, Path: name,
		Decision: replace.Decision{Outcome: replace.Refused, Errno: "EINVAL", Reason: name, Messages: []string{name}, Assumed: []string{name}},
		Active:   []plan.Active{{Name: name}}, Owners: map[string]string{name: name},
	}}}}
	for format, write := range map[string]func(io.Writer) error{
		"table": func(w io.Writer) error { return report.TraceTable(w, &report.Trace{Traces: traces}, report.Options{}) },
		"text":  func(w io.Writer) error { return report.TraceText(w, &report.Trace{Traces: traces}, report.Options{}) },
		"markdown": func(w io.Writer) error {
			return report.TraceMarkdown(w, &report.Trace{Traces: traces}, report.Options{})
		},
		"json": func(w io.Writer) error { return report.TraceJSON(w, &report.Trace{Traces: traces}, report.Options{}) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(b.String(), "\x1b\u202e") {
			t.Errorf("%s lets control characters through:\n%q", format, b.String())
		}
		if format == "markdown" && strings.Contains(b.String(), "<b>") {
			t.Errorf("markdown lets HTML through:\n%s", b.String())
		}
	}
}
