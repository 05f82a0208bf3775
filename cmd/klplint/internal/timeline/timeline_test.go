package timeline_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/klplint/klplint/cmd/klplint/internal/timeline"
	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/replace/plan"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func draw(t *testing.T, source string) []byte {
	t.Helper()
	p, err := plan.Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	models, err := p.Models()
	if err != nil {
		models = replace.All()
	}
	var traces []plan.Trace
	for _, m := range models {
		traces = append(traces, p.Run(m, replace.Env{})...)
	}
	var b bytes.Buffer
	if err := timeline.Draw(&b, traces, timeline.Options{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// check reads the picture as XML and returns all its text, and the names of
// its elements.
func check(t *testing.T, svg []byte) (text string, elements map[string]int) {
	t.Helper()
	elements = make(map[string]int)
	d := xml.NewDecoder(bytes.NewReader(svg))
	d.Strict = true
	var b strings.Builder
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return b.String(), elements
		}
		if err != nil {
			t.Fatalf("the picture is no XML: %v\n%s", err, svg)
		}
		switch x := tok.(type) {
		case xml.StartElement:
			elements[x.Name.Local]++
			for _, a := range x.Attr {
				if strings.HasPrefix(strings.ToLower(a.Name.Local), "on") || a.Name.Local == "href" {
					t.Errorf("attribute %s in %s", a.Name.Local, x.Name.Local)
				}
			}
		case xml.CharData:
			b.Write(x)
		}
	}
}

// TestWords: in a long picture an error and the end of a bar are named in full, next
// to each other too, and a word upon a bar has a ground of its own.
func TestWords(t *testing.T) {
	source := "modules:\n  - {name: a, replace_sets: [1], funcs: [vmlinux:f]}\n  - {name: b, replace_sets: [2], funcs: [vmlinux:g]}\nsteps:\n" +
		"  - load: a\n  - load: b\n  - disable: b\n  - load: b\n  - load: b\n  - load: a\n"
	svg := draw(t, source+strings.Repeat("  - load: a\n", 20))
	text, elements := check(t, svg)
	if strings.Contains(text, "…") || strings.Count(text, "EEXIST") < 23 || !strings.Contains(text, "disabled") {
		t.Errorf("%d times EEXIST in %q", strings.Count(text, "EEXIST"), text)
	}
	_, without := check(t, draw(t, source))
	if elements["rect"] < without["rect"]+20 {
		t.Errorf("%d boxes, %d without the refusals", elements["rect"], without["rect"])
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s differs from what is drawn; look at both, then go test -update", file)
	}
}

func TestWorkedExample(t *testing.T) {
	source, err := os.ReadFile("../../../../replace/plan/testdata/worked-example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	svg := draw(t, string(source))
	text, _ := check(t, svg)
	for _, want := range []string{"model mainline", "model sets-flat", "EINVAL", "replaced", "{1,2}", "set 2", "klp-2b"} {
		if !strings.Contains(text, want) {
			t.Errorf("the picture does not say %q", want)
		}
	}
	golden(t, "worked-example.svg", svg)
}

const everything = `
kernel: 6.12.111
modules:
  - {name: a, replace_sets: [1, 2, 3, 4, 5, 6], funcs: ["vmlinux:f"]}
  - {name: b, replace_sets: [7], funcs: ["ext4:g"]}
  - {name: ext4, kind: target, funcs: [g]}
  - {name: c, replace_sets: [8], enable_twice: true, funcs: ["vmlinux:h"]}
steps:
  - load: b
  - load: ext4
  - load: a
  - disable: b
  - unload: ext4
  - unload: b
  - unload: b
  - load: b
  - load: c
  - load: a
`

// TestEverything draws what the worked example lacks: targets, disabled and
// unloaded modules, many sets in one livepatch, a crash.
func TestEverything(t *testing.T) {
	svg := draw(t, everything)
	text, _ := check(t, svg)
	for _, want := range []string{"target", "disabled", "unloaded", "crash", "{1,2,3,4,...}"} {
		if !strings.Contains(text, want) {
			t.Errorf("the picture does not say %q", want)
		}
	}
	golden(t, "everything.svg", svg)
}

// TestHostile: names out of modules stay text.
func TestHostile(t *testing.T) {
	names := []string{`</text><script>alert(1)</script>`, `" onload="x`, "a\x1b[31mb", "rtl\u202eover", strings.Repeat("long", 500), "&amp;", "]]>"}
	traces := []plan.Trace{{Model: "mainline", Reading: "<b>", Steps: nil}, {Model: "x", NotJudged: "<script>"}}
	for _, n := range names {
		traces[0].Steps = append(traces[0].Steps, plan.Result{
			Op: plan.Load, Module: n, Name: n,
			Decision: replace.Decision{Outcome: replace.Refused, Errno: "<E>", Reason: n},
		})
	}
	var b bytes.Buffer
	if err := timeline.Draw(&b, traces, timeline.Options{Title: "<title>\x00"}); err != nil {
		t.Fatal(err)
	}
	text, elements := check(t, b.Bytes())
	if elements["script"] > 0 || elements["b"] > 0 {
		t.Errorf("elements %v", elements)
	}
	if strings.ContainsAny(text, "\x1b\u202e\x00") {
		t.Error("control characters came through")
	}
	if !strings.Contains(text, "<script>alert(1)") {
		t.Error("a name was lost")
	}
}

// TestEmpty: nothing to draw is a picture too.
func TestEmpty(t *testing.T) {
	var b bytes.Buffer
	if err := timeline.Draw(&b, nil, timeline.Options{}); err != nil {
		t.Fatal(err)
	}
	check(t, b.Bytes())
}

// Each of 49 sets has a mark of its own.
func TestMarksAreDistinct(t *testing.T) {
	var b bytes.Buffer
	step := plan.Result{Op: plan.Load, Module: "m", Name: "m", Decision: replace.Decision{Outcome: replace.First}}
	var traces []plan.Trace
	for i := range 49 {
		s := step
		s.Active = []plan.Active{{Name: "m", Sets: []uint32{uint32(i + 1)}}}
		traces = append(traces, plan.Trace{Model: "sets-flat", Steps: []plan.Result{s}})
	}
	if err := timeline.Draw(&b, traces, timeline.Options{}); err != nil {
		t.Fatal(err)
	}
	drawn := regexp.MustCompile(`<pattern id="([^"]*)"[^>]*>(.*)</pattern>`).FindAllStringSubmatch(b.String(), -1)
	ids, looks := make(map[string]bool), make(map[string]bool)
	for _, d := range drawn {
		ids[d[1]], looks[d[2]] = true, true
	}
	if len(ids) != 49 || len(looks) != 49 {
		t.Errorf("%d marks, %d of them different", len(ids), len(looks))
	}
}

// Why a model does not judge is shown whole, in lines.
func TestNotJudgedInLines(t *testing.T) {
	var b bytes.Buffer
	why := strings.Repeat("a reason of many words ", 20) + "ends here"
	if err := timeline.Draw(&b, []plan.Trace{{Model: "mainline", NotJudged: why}}, timeline.Options{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "ends here</text>") || strings.Count(b.String(), "a reason") < 19 {
		t.Errorf("%s", b.String())
	}
}
