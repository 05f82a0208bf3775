package kerneltest

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestAgreementDocument: the document is what a run of this version of the
// package writes, and not edited by hand: its frame is the generator's, and
// between the two stand tables of numbers only.
func TestAgreementDocument(t *testing.T) {
	data, err := os.ReadFile("../../docs/kernel-agreement.md")
	if err != nil {
		t.Fatal(err)
	}
	rest, ok := strings.CutPrefix(string(data), agreementPreface)
	if !ok {
		t.Fatal("it does not begin as a run would write it: run `make kernel-test`")
	}
	parts, ok := strings.CutSuffix(rest, "\n"+unaskedTable())
	if !ok {
		t.Fatalf("it does not end as a run would write it: run `make kernel-test`, or, where only the reasons in unasked.go or the known differences changed, write this at its end:\n%s", unaskedTable())
	}
	header, _, _ := strings.Cut((&Tallies{}).Table(), "\n")
	forms := []*regexp.Regexp{
		regexp.MustCompile(`^## Linux 6\.\d+\.[0-9]+\S*-amd64$`),
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
