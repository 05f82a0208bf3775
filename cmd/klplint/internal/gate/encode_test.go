package gate

import (
	"bytes"
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// A statement is written as encoding/json would, whatever its findings say.
func TestStatementIsIndentedJSON(t *testing.T) {
	finding := rapid.Custom(func(t *rapid.T) AttestedFinding {
		word := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]*`), rapid.Just("<a> & \"b\" \\ \u2028 \xff\x7f"))
		return AttestedFinding{word.Draw(t, "rule"), word.Draw(t, "severity"), word.Draw(t, "sha256"), word.Draw(t, "message"), word.Draw(t, "fingerprint"), word.Draw(t, "accepted")}
	})
	rapid.Check(t, func(t *rapid.T) {
		s := Statement{Type: StatementType}
		s.Predicate.Klplint.Findings = append([]AttestedFinding{}, rapid.SliceOfN(finding, 0, 4).Draw(t, "findings")...)
		s.Predicate.Klplint.Errors = []string{"findings: []"}
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		if err := e.Encode(&s); err != nil {
			t.Fatal(err)
		}
		got, err := s.encode()
		if err != nil || string(got) != want.String() {
			t.Fatalf("%v\n%s\nwant\n%s", err, got, want.String())
		}
	})
}
