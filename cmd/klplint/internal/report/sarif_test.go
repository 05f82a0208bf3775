package report

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/report/escape"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/rules"
)

// sarifCheck holds a log against the schema in testdata and checks what a
// schema cannot say: that indices and links lead somewhere.
func sarifCheck(t *testing.T, b []byte) {
	t.Helper()
	f, err := os.Open("testdata/sarif-subset.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	schema, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(value); err != nil {
		t.Errorf("%v", err)
	}
	sarifReferences(t, decodeSARIF(t, b))
}

func decodeSARIF(t *testing.T, b []byte) *sarifRun {
	t.Helper()
	var log sarifLog
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&log); err != nil {
		t.Fatal(err)
	}
	return &log.Runs[0]
}

// sarifLink is an embedded link to a related location (section 3.11.6).
var sarifLink = regexp.MustCompile(`\[(?:[^\[\]\\]|\\.)*\]\(([^)]*)\)`)

func sarifReferences(t *testing.T, run *sarifRun) {
	t.Helper()
	location := func(l sarifLocation) {
		p := l.PhysicalLocation
		if i := p.ArtifactLocation.Index; i != nil {
			if a := run.Artifacts[*i]; a.Location.URI != p.ArtifactLocation.URI {
				t.Errorf("%s has the index of %s", p.ArtifactLocation.URI, a.Location.URI)
			}
		}
		if p.Address != nil && p.Address.ParentIndex != nil && run.Addresses[*p.Address.ParentIndex].Kind != "section" {
			t.Error("an address without its section")
		}
		if i := p.ArtifactLocation.Index; i != nil && p.Region != nil {
			a := &run.Artifacts[*i]
			if a.Length != nil && *p.Region.ByteOffset+p.Region.ByteLength > *a.Length {
				t.Errorf("byte %d of a file of %d", *p.Region.ByteOffset, *a.Length)
			}
		}
	}
	for _, a := range run.Artifacts {
		if a.ParentIndex != nil && run.Artifacts[*a.ParentIndex].ParentIndex != nil {
			t.Error("an artifact nested twice")
		}
	}
	for _, r := range run.Results {
		if id := run.Tool.Driver.Rules[*r.RuleIndex].ID; id != r.RuleID {
			t.Errorf("%s has the index of %s", r.RuleID, id)
		}
		ids := make(map[string]bool)
		for _, l := range r.RelatedLocations {
			ids[strconv.Itoa(*l.ID)] = true
			location(l)
		}
		for _, l := range r.Locations {
			location(l)
		}
		links := sarifLink.FindAllStringSubmatch(r.Message.Text, -1)
		if len(links) != len(ids) {
			t.Errorf("%d links to %d places in %q", len(links), len(ids), escape.Cut(r.Message.Text, 300))
		}
		for _, l := range links {
			if !ids[l[1]] {
				t.Errorf("link to %q", l[1])
			}
		}
	}
}

func sarifLint() *Lint {
	related := []finding.Related{{Module: "b.ko", Message: "the other", Location: klp.Location{Section: ".data", Offset: 4, Symbol: "patch"}}}
	return &Lint{
		Version: "v1", FailOn: finding.Error, Rules: rules.All(),
		Verdict: &policy.Verdict{
			ExitCode: 2, Waived: 1, Known: 1,
			Modules: []policy.Module{
				{Module: lint.Module{Path: "a.ko", Name: "a", SHA256: string(bytes.Repeat([]byte("ab"), 32)), Size: 64, Compression: klp.Uncompressed, Release: "6.12"}},
				{Module: lint.Module{Path: "dir/b.ko.xz", Name: "b", Size: 32, Compression: klp.XZ, Release: "6.12"}},
			},
			Findings: []policy.Finding{
				{Fingerprint: "f0", Finding: finding.Finding{Rule: "KLP101", Severity: finding.Info, Module: "a.ko", Message: "first", Location: klp.Location{Section: ".data", Offset: 8, Symbol: "patch", File: 63}}},
				{Fingerprint: "f1", Waiver: &policy.Waiver{Reason: "agreed"}, Finding: finding.Finding{Rule: "KLP101", Severity: finding.Error, Module: "a.ko", Message: "second", Location: klp.Location{Section: ".data", File: 64}}},
				{Fingerprint: "f2", Known: true, Finding: finding.Finding{Rule: "KLP102", Severity: finding.Error, Module: "dir/b.ko.xz", Message: "third"}},
				{Fingerprint: "f3", Finding: finding.Finding{Rule: "SITE1", Severity: finding.Error, Module: "dir/b.ko.xz", Message: "fourth", Object: "vmlinux", Func: "f,2", Related: related, Kernel: &finding.Answer{Errno: "EINVAL"}, Location: klp.Location{Section: ".text", Offset: 3, Symbol: "f", File: 900}}},
			},
			NotEvaluated: []lint.NotEvaluated{{Rule: "KLP301", Needs: "kernel"}},
			Errors:       []lint.Error{{Path: "c.ko", Message: "gone", Offset: 9}},
		},
	}
}

func TestLintSARIF(t *testing.T) {
	var b bytes.Buffer
	if err := LintSARIF(&b, sarifLint(), Options{}); err != nil {
		t.Fatal(err)
	}
	sarifCheck(t, b.Bytes())
	run := decodeSARIF(t, b.Bytes())
	if len(run.Results) != 4 || run.AutomationDetails.ID != "klplint/6.12/" || run.Invocations[0].ExecutionSuccessful || len(run.Invocations[0].Notifications) != 2 {
		t.Fatalf("run %+v", run)
	}
	r := run.Results
	if got := r[0].Locations[0].PhysicalLocation; *got.Region.ByteOffset != 63 || *got.Address.OffsetFromParent != 8 || got.ArtifactLocation.URI != "a.ko" {
		t.Errorf("place %+v", got)
	}
	if got := r[1].Locations[0].PhysicalLocation.Region; *got.ByteOffset != 0 || got.ByteLength != 64 {
		t.Errorf("of a place behind the end of the file the region is %+v, not the file", got)
	}
	if len(r[0].Suppressions) != 0 || r[1].Suppressions[0].Justification != "waived: agreed" || len(r[2].Suppressions) != 1 {
		t.Errorf("suppressions %v %v %v", r[0].Suppressions, r[1].Suppressions, r[2].Suppressions)
	}
	if r[0].BaselineState != "new" || r[2].BaselineState != "unchanged" {
		t.Errorf("baseline states %q %q", r[0].BaselineState, r[2].BaselineState)
	}
	inner := run.Artifacts[*r[3].Locations[0].PhysicalLocation.ArtifactLocation.Index]
	if inner.Location.URI != "b.ko" || run.Artifacts[*inner.ParentIndex].Location.URI != "dir/b.ko.xz" {
		t.Errorf("a compressed module is %+v", inner)
	}
	if l := r[3].Locations[0].LogicalLocations; l[0].FullyQualifiedName != "vmlinux:f,2" || r[3].Message.Text != "fourth; see [the other](1)" {
		t.Errorf("%+v %q", l, r[3].Message.Text)
	}
	if n := run.Invocations[0].Notifications[1]; n.Level != "note" || n.AssociatedRule.ID != "KLP301" || n.Message.Text != "not evaluated: needs kernel" {
		t.Errorf("not evaluated: %+v", n)
	}
}

// TestLintSARIFGitHub: what code scanning refuses or cannot show is not there.
func TestLintSARIFGitHub(t *testing.T) {
	var b bytes.Buffer
	if err := LintSARIFGitHub(&b, sarifLint(), Options{}); err != nil {
		t.Fatal(err)
	}
	sarifCheck(t, b.Bytes())
	run := decodeSARIF(t, b.Bytes())
	if len(run.Results) != 2 {
		t.Fatalf("%d results, want those that are neither waived nor known", len(run.Results))
	}
	for _, r := range run.Results {
		p := r.Locations[0].PhysicalLocation
		if p.Region.StartLine != 1 || p.Region.ByteOffset != nil || p.Address != nil {
			t.Errorf("place %+v", p)
		}
	}
	worst := run.Results[0]
	if worst.RuleID != "SITE1" || worst.PartialFingerprints["primaryLocationLineHash"] != "f3:1" {
		t.Errorf("first %+v", worst)
	}
	if want := "fourth; see [the other](1) (.text+0x3 f); the kernel answers EINVAL"; worst.Message.Text != want {
		t.Errorf("message %q, want %q", worst.Message.Text, want)
	}
	if uri := worst.Locations[0].PhysicalLocation.ArtifactLocation.URI; uri != "dir/b.ko.xz" {
		t.Errorf("URI %q", uri)
	}
}

func TestFileURI(t *testing.T) {
	for path, want := range map[string]string{
		"a.ko":           "a.ko",
		"./x/../a b.ko":  "x/../a%20b.ko",
		"/lib/a.ko":      "file:///lib/a.ko",
		"c:a/b":          "./c:a/b",
		"a#?%\xff\n":     "a%23%3F%25%FF%0A",
		"":               ".",
		"../ä.ko":        "../%C3%A4.ko",
		"//evil.example": "file:////evil.example",
	} {
		if got := fileURI(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}
