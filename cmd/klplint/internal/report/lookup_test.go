package report

import (
	"testing"

	"github.com/klplint/klplint/klp"
)

// A function that the kernel takes, and that goes on as before, is not "ok".
func TestLookUpVerdict(t *testing.T) {
	for _, test := range []struct {
		v    LookUpVerdict
		ok   bool
		text string
	}{
		{LookUpVerdict{Status: klp.SymbolFound}, true, "ok"},
		{LookUpVerdict{Status: klp.SymbolFound, Rule: "KLP305", Text: "accepted without effect"}, false, "[KLP305] accepted without effect"},
		{LookUpVerdict{Status: klp.SymbolMissing, Rule: "KLP302", Errno: "EINVAL", Text: "symbol 'f' not found in symbol table"}, false, "[KLP302] EINVAL symbol 'f' not found in symbol table"},
		{LookUpVerdict{Status: klp.SymbolUnknown, Text: "nothing"}, false, "unknown: nothing"},
	} {
		if got := verdict(test.v); test.v.OK() != test.ok || got != test.text {
			t.Errorf("%+v: ok %v, %q; want %v, %q", test.v, test.v.OK(), got, test.ok, test.text)
		}
	}
}
