package kerneltest

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAgreementDocument: the document is what a run of this version of the
// package writes, and not edited by hand: its frame is the generator's, and
// between the two stand tables of numbers only.
func TestAgreementDocument(t *testing.T) {
	data, err := os.ReadFile("../../docs/kernel-agreement.md")
	if err != nil {
		t.Fatal(err)
	}
	list := agreementParts(string(data))
	if diff := cmp.Diff(agreementDocument(list), string(data)); diff != "" {
		t.Errorf("it is not what a run would write (-run +file): run `make kernel-test`, or, where only the text around the tables changed, change it here too:\n%s", diff)
	}
	parts := strings.Join(list, "\n")
	header, _, _ := strings.Cut((&Tallies{}).Table(), "\n")
	forms := []*regexp.Regexp{
		regexp.MustCompile(`^## Linux (\d+\.\d+\.\d+\S*-amd64|\d+\.\d+\.\d+-small-(s390x|ppc64le|arm64))$`),
		regexp.MustCompile(`^\d+ scenarios\.$`),
		regexp.MustCompile(`^\| KLP\d{3} (\| \d+ )+\|$`),
		regexp.MustCompile(`^(\|---)+\|$`),
		regexp.MustCompile(`^No rule foretold a refusal of \d+ further modules, and the kernel took them\. \d+ refusals were foretold by no rule, and \d+ beside another livepatch by .trace. alone\.$`),
		regexp.MustCompile(`^` + regexp.QuoteMeta(header) + `$`),
		regexp.MustCompile(`^$`),
	}
	for i, line := range strings.Split(parts, "\n") {
		known := false
		for _, form := range forms {
			known = known || form.MatchString(line)
		}
		if !known {
			t.Errorf("line %d of the tables is not a run's: %q", i+1, line)
		}
	}
	if n := strings.Count(parts, "## Linux "); n < 2 {
		t.Errorf("%d kernels, want at least 2", n)
	}
}

// TestPartsOfARun: a run replaces the parts of the kernels that it asked, and
// leaves the others where they were.
func TestPartsOfARun(t *testing.T) {
	part := func(release string, scenarios int) string { return agreementPart(release, scenarios, &Tallies{}) }
	document := withParts("", []string{part("7.3.4-small-ppc64le", 1), part("6.1.0-amd64", 2), "", part("6.12.1-amd64", 3), part("7.2.1-small-s390x", 4)})
	document = withParts(document, []string{part("7.3.4-small-s390x", 5)})
	document = withParts(document, []string{part("7.2.1+deb14-amd64", 8)})
	document = withParts(document, []string{part("6.1.1-amd64", 6), part("6.12.2-amd64", 7), part("8.0.1+deb14-amd64", 9)})
	var have []string
	for _, p := range agreementParts(document) {
		scenarios := regexp.MustCompile(`\d+ scenarios`).FindString(p)
		have = append(have, partKernel(p)+": "+scenarios)
	}
	want := []string{"6.1.1-amd64: 6 scenarios", "6.12.2-amd64: 7 scenarios", "8.0.1+deb14-amd64: 9 scenarios", "7.3.4-small-s390x: 5 scenarios", "7.3.4-small-ppc64le: 1 scenarios"}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("-want +have:\n%s", diff)
	}
	if again := withParts(document, nil); again != document {
		t.Errorf("nothing was asked, and the document changed:\n%s", cmp.Diff(document, again))
	}
}
