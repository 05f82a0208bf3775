package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/replace"
)

// traceOutput runs the program in the module's root and returns what it prints.
func traceOutput(t *testing.T, args ...string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	a := newApp(strings.NewReader(""), &stdout, &stderr)
	a.getenv = func(string) string { return "" }
	if code := run(context.Background(), a, args); code > exitcode.Findings {
		t.Fatalf("klplint %s: exit %d: %s", strings.Join(args, " "), code, &stderr)
	}
	return stdout.Bytes()
}

const workedExample = "replace/plan/testdata/worked-example.yaml"

// TestReplaceSetsPage makes the generated parts of docs/replace-sets.md anew
// and wants them as they are; UPDATE_SCRIPTS=1 rewrites them.
func TestReplaceSetsPage(t *testing.T) {
	t.Chdir("../..")
	const page, picture = "docs/replace-sets.md", "docs/replace-sets.svg"
	old, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	fresh := generate(t, string(old), 3)
	svg := traceOutput(t, "trace", "--plan", workedExample, "--model", "all", "--format", "svg")
	if os.Getenv("UPDATE_SCRIPTS") != "" {
		if err := os.WriteFile(page, []byte(fresh), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(picture, svg, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(old), fresh); diff != "" {
		t.Errorf("%s is stale; UPDATE_SCRIPTS=1 go test rewrites it (-page +fresh):\n%s", page, diff)
	}
	have, err := os.ReadFile(picture)
	if err != nil || !bytes.Equal(have, svg) {
		t.Errorf("%s is stale (%v); UPDATE_SCRIPTS=1 go test rewrites it", picture, err)
	}
}

// TestPositionalOrFlatPage does the same for the page that is made to be quoted in
// mails, whose lines have 76 columns at most.
func TestPositionalOrFlatPage(t *testing.T) {
	t.Chdir("../..")
	const page = "docs/positional-or-flat.md"
	old, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	fresh := generate(t, string(old), 2)
	if os.Getenv("UPDATE_SCRIPTS") != "" {
		if err := os.WriteFile(page, []byte(fresh), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(old), fresh); diff != "" {
		t.Errorf("%s is stale; UPDATE_SCRIPTS=1 go test rewrites it (-page +fresh):\n%s", page, diff)
	}
	for i, line := range strings.Split(fresh, "\n") {
		if len(line) > 76 && !strings.HasPrefix(line, "<!-- ") {
			t.Errorf("line %d has %d columns: %s", i+1, len(line), line)
		}
	}
}

// generate fills the marked parts, of which there are so many.
func generate(t *testing.T, page string, parts int) string {
	t.Helper()
	const begin, end = "<!-- begin ", "<!-- end -->"
	var out strings.Builder
	n := 0
	for {
		before, rest, ok := strings.Cut(page, begin)
		out.WriteString(before)
		if !ok {
			break
		}
		what, rest, ok1 := strings.Cut(rest, " -->\n")
		_, rest, ok2 := strings.Cut(rest, end)
		if !ok1 || !ok2 {
			t.Fatalf("a mark without its end: %.60s", rest)
		}
		out.WriteString(begin + what + " -->\n")
		switch {
		case what == "answers":
			out.WriteString(answers(t))
		case what == "questions":
			out.WriteString(questions())
		case strings.HasPrefix(what, "klplint "):
			args := strings.Fields(what)[1:]
			fmt.Fprintf(&out, "```console\n$ %s\n%s```\n", strings.ReplaceAll(what, " --model", " \\\n    --model"), traceOutput(t, args...))
		default:
			t.Fatalf("unknown mark %q", what)
		}
		out.WriteString(end)
		page = rest
		n++
	}
	if n != parts {
		t.Fatalf("%d generated parts, want %d", n, parts)
	}
	return out.String()
}

// answers is the table of what each model makes of the last step.
func answers(t *testing.T) string {
	t.Helper()
	var report struct {
		Traces []struct {
			Model string
			Steps []struct {
				Module, Outcome, Errno string
				Replaced               []string
				Active                 []struct {
					Name string
					Sets []uint32
				}
				Owners map[string]string
			}
		}
	}
	if err := json.Unmarshal(traceOutput(t, "trace", "--plan", workedExample, "--model", "all", "--format", "json"), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Traces) != len(replace.All()) {
		t.Fatalf("%d traces", len(report.Traces))
	}
	var b strings.Builder
	b.WriteString("| model | step 4: klp-2a | step 5: klp-2b | active afterwards | back to the original |\n|---|---|---|---|---|\n")
	for _, tr := range report.Traces {
		if len(tr.Steps) != 5 {
			t.Fatalf("%s: %d steps", tr.Model, len(tr.Steps))
		}
		fourth, last := tr.Steps[3], tr.Steps[4]
		word := func(outcome, errno string, replaced []string) string {
			return strings.TrimSpace(outcome + " " + errno + strings.Join(replaced, ", "))
		}
		var active, lost []string
		for _, a := range last.Active {
			name := a.Name
			if len(a.Sets) > 0 {
				name += " " + replace.FormatSets(a.Sets)
			}
			active = append(active, name)
		}
		for _, f := range []string{"cmdline_proc_show", "version_proc_show", "uptime_proc_show"} {
			if fourth.Owners["vmlinux:"+f] != "" && last.Owners["vmlinux:"+f] == "" {
				lost = append(lost, f)
			}
		}
		if lost == nil {
			lost = []string{"nothing"}
		}
		fmt.Fprintf(&b, "| %s | %s | **%s** | %s | %s |\n", tr.Model, word(fourth.Outcome, fourth.Errno, fourth.Replaced),
			word(last.Outcome, last.Errno, last.Replaced), strings.Join(active, ", "), strings.Join(lost, ", "))
	}
	return b.String()
}

// questions is the table of the open points.
func questions() string {
	var b strings.Builder
	b.WriteString("| | question | klplint's answer | why |\n|---|---|---|---|\n")
	for _, q := range replace.OpenQuestions() {
		fmt.Fprintf(&b, "| %s | %s (%s) | %s | %s |\n", q.ID, q.Question, strings.Join(q.Models, ", "), q.Decision, q.Why)
	}
	return b.String()
}

// TestWorkedExampleBuilt: the modules that are built for the worked example
// make the same trace as their description, but for what is assumed.
func TestWorkedExampleBuilt(t *testing.T) {
	t.Chdir("../..")
	type step struct {
		Op, Module, Outcome, Errno, Reason string
		Sets, Evicts                       []uint32
		Replaced                           []string
		Active                             []struct {
			Name string
			Sets []uint32
		}
		Owners map[string]string
	}
	read := func(args ...string) []step {
		var report struct{ Traces []struct{ Steps []step } }
		if err := json.Unmarshal(bytes.ReplaceAll(traceOutput(t, append(args, "--format", "json", "--kernel", "none")...), []byte("klp_"), []byte("klp-")), &report); err != nil {
			t.Fatal(err)
		}
		if len(report.Traces) != 1 {
			t.Fatalf("%v: %d traces", args, len(report.Traces))
		}
		return report.Traces[0].Steps
	}
	built := []string{"trace"}
	for _, m := range []string{"klp-1a", "klp-1b", "klp-1c", "klp-2a", "klp-2b"} {
		built = append(built, "fixtures/worked-example/"+m+".ko")
	}
	for _, model := range []string{replace.NameSetsPositional, replace.NameSetsFlat} {
		described := read("trace", "--plan", workedExample, "--model", model)
		if len(described) != 5 {
			t.Fatalf("%s: %d steps", model, len(described))
		}
		if diff := cmp.Diff(described, read(append(built, "--model", model)...)); diff != "" {
			t.Errorf("%s (-described +built):\n%s", model, diff)
		}
	}
}
