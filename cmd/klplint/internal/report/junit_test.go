package report

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/rules"
)

// junitElement is one element in the grammar that Jenkins' and GitLab's readers
// have in common; written for this test, narrower than either.
type junitElement struct {
	required, optional []string // attributes
	children           []string // in this order
}

var junitGrammar = map[string]junitElement{
	"testsuites": {required: []string{"name", "tests", "failures", "errors"}, children: []string{"testsuite"}},
	"testsuite":  {required: []string{"name", "tests", "failures", "errors", "skipped"}, children: []string{"testcase"}},
	"testcase":   {required: []string{"name", "classname"}, children: []string{"skipped", "error", "failure", "system-out"}},
	"skipped":    {},
	"error":      {required: []string{"message"}, optional: []string{"type"}},
	"failure":    {required: []string{"message", "type"}},
	"system-out": {},
}

// junitCheck holds a report against the grammar, checks the counts, and that no
// two cases have one name: GitLab ignores the second.
func junitCheck(t *testing.T, b []byte) {
	t.Helper()
	if !bytes.HasPrefix(b, []byte(xml.Header)) {
		t.Error("no XML declaration")
	}
	type node struct {
		name    string
		last    int
		counted map[string]int
		stated  map[string]int
	}
	var stack []*node
	names := make(map[[2]string]bool)
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		token, err := d.Token()
		if err != nil {
			break
		}
		switch e := token.(type) {
		case xml.StartElement:
			g, ok := junitGrammar[e.Name.Local]
			if !ok {
				t.Fatalf("element %s", e.Name.Local)
			}
			n := &node{name: e.Name.Local, counted: make(map[string]int), stated: make(map[string]int)}
			values := make(map[string]string)
			for _, a := range e.Attr {
				values[a.Name.Local] = a.Value
				if !slices.Contains(g.required, a.Name.Local) && !slices.Contains(g.optional, a.Name.Local) {
					t.Errorf("attribute %s of %s", a.Name.Local, n.name)
				}
				if v, err := strconv.Atoi(a.Value); err == nil {
					n.stated[a.Name.Local] = v
				}
			}
			for _, r := range g.required {
				if _, ok := values[r]; !ok {
					t.Errorf("%s has no %s", n.name, r)
				}
			}
			if len(stack) == 0 {
				if n.name != "testsuites" {
					t.Errorf("root is %s", n.name)
				}
			} else {
				up := stack[len(stack)-1]
				at := slices.Index(junitGrammar[up.name].children, n.name)
				if at < up.last {
					t.Errorf("%s in %s out of order", n.name, up.name)
				}
				up.last = at
			}
			if n.name == "testcase" {
				key := [2]string{values["classname"], values["name"]}
				if names[key] && len(key[0]) < maxMessage {
					t.Errorf("two cases %q", key)
				}
				names[key] = true
			}
			for _, up := range stack {
				switch n.name {
				case "testcase":
					up.counted["tests"]++
				case "failure":
					up.counted["failures"]++
				case "error":
					up.counted["errors"]++
				case "skipped":
					up.counted["skipped"]++
				}
			}
			stack = append(stack, n)
		case xml.EndElement:
			n := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if strings.HasPrefix(n.name, "testsuite") {
				for _, c := range []string{"tests", "failures", "errors", "skipped"} {
					if c == "skipped" && n.name == "testsuites" {
						continue
					}
					if n.stated[c] != n.counted[c] {
						t.Errorf("%s says %d %s, holds %d", n.name, n.stated[c], c, n.counted[c])
					}
				}
			}
		}
	}
	if len(stack) != 0 {
		t.Error("not closed")
	}
	elements(t, b, false, func(xml.StartElement) {})
}

func TestLintJUnit(t *testing.T) {
	all := rules.All()
	byID := func(id string) *rules.Rule {
		return all[slices.IndexFunc(all, func(r *rules.Rule) bool { return r.ID() == id })]
	}
	l := &Lint{
		FailOn: finding.Error, Rules: []*rules.Rule{byID("KLP101"), byID("KLP102"), byID("KLP103"), byID("KLP301"), byID("KLP302")},
		Verdict: &policy.Verdict{
			Modules: []policy.Module{{Module: lint.Module{Path: "a.ko"}}, {Module: lint.Module{Path: "b.ko"}}},
			Findings: []policy.Finding{
				{Finding: finding.Finding{Rule: "KLP101", Severity: finding.Error, Module: "a.ko", Message: "bad ]]> <x>", Location: klp.Location{Section: ".data", Offset: 8}}},
				{Finding: finding.Finding{Rule: "KLP102", Severity: finding.Warning, Module: "a.ko", Message: "so so"}},
				{Finding: finding.Finding{Rule: "KLP103", Severity: finding.Error, Module: "a.ko", Message: "settled"}, Waiver: &policy.Waiver{Reason: "agreed", Owner: "sec", Until: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}},
				{Finding: finding.Finding{Rule: "SITE1", Severity: finding.Error, Module: "a.ko", Message: "not here"}},
			},
			NotEvaluated: []lint.NotEvaluated{{Rule: "KLP301", Needs: "kernel"}},
			Errors:       []lint.Error{{Path: "a.ko", Rule: "KLP302", Message: "panic"}, {Path: "c.ko", Message: "gone"}},
		},
	}
	var b bytes.Buffer
	if err := LintJUnit(&b, l, Options{}); err != nil {
		t.Fatal(err)
	}
	junitCheck(t, b.Bytes())
	var got junitSuites
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	var cases []string
	for _, s := range got.Suites {
		for _, c := range s.Cases {
			id, _, _ := strings.Cut(c.Name, " ")
			line := c.ClassName + " " + id
			switch {
			case c.Error != nil:
				line += " error " + c.Error.Message + ": " + c.Error.Text
			case c.Failure != nil:
				line += " failure " + c.Failure.Type + " " + c.Failure.Message
			case c.Skipped != nil:
				line += " skipped " + c.Skipped.Why
			default:
				line += " passed " + c.Output
			}
			cases = append(cases, line)
		}
	}
	want := []string{
		"a.ko KLP101 failure error error: bad ]]> <x> (.data+0x8)",
		"a.ko KLP102 passed warning: so so",
		"a.ko KLP103 skipped waived by sec until 2027-01-01: agreed: error: settled",
		"a.ko KLP301 skipped not evaluated: needs kernel",
		"a.ko KLP302 error the rule panicked or failed: error: panic",
		"a.ko SITE1 failure error error: not here",
		"b.ko KLP101 passed ",
		"b.ko KLP102 passed ",
		"b.ko KLP103 passed ",
		"b.ko KLP301 skipped not evaluated: needs kernel",
		"b.ko KLP302 passed ",
		"c.ko read error could not be checked: error: gone",
	}
	if diff := cmp.Diff(want, cases); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	skipped := 0
	for _, s := range got.Suites {
		skipped += s.Skipped
	}
	if got.Tests != 12 || got.Failures != 2 || got.Errors != 2 || skipped != 3 {
		t.Errorf("counts %d %d %d %d", got.Tests, got.Failures, got.Errors, skipped)
	}
}
