package plan

import (
	"slices"
	"strings"

	"github.com/klplint/klplint/internal/yamldoc"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// expectOK is the expectation of a step that works, whatever it comes to.
const expectOK = "ok"

// outcomes are what can be expected beside ok and errnos.
var outcomes = []replace.Outcome{replace.First, replace.Stacks, replace.Coexists, replace.Replaces, replace.Refused, replace.Crash, replace.Done, replace.Stalled}

// expectation reads what is expected of a step.
func expectation(n yamldoc.Node) (string, error) {
	word, err := n.Word("expect")
	if err != nil {
		return "", err
	}
	if word != expectOK && !slices.Contains(outcomes, replace.Outcome(word)) && !errnoName(word) {
		return "", n.Fail("expect is %q, it must be ok, an outcome (first, stacks, coexists, replaces, refused, crash, done, stalled) or an errno", word)
	}
	return word, nil
}

// expectedCalls reads a list of callbacks, each with its object.
func expectedCalls(n yamldoc.Node) ([]string, error) {
	list, nodes, err := textList(n, "callbacks", MaxFuncs)
	if err != nil {
		return nil, err
	}
	for i, s := range list {
		kind, object, ok := strings.Cut(s, " ")
		if !ok || object == "" || !slices.Contains(allCallbacks, klp.CallbackKind(kind)) {
			return nil, nodes[i].Fail("%q is no callback: write pre_patch, post_patch, pre_unpatch or post_unpatch and the object", s)
		}
	}
	if list == nil {
		list = []string{}
	}
	return list, nil
}

// errnoName reports whether a word is the name of an errno: upper-case letters
// and digits after an E.
func errnoName(s string) bool {
	ok := len(s) > 1 && len(s) < 20 && s[0] == 'E'
	for i := range len(s) {
		ok = ok && (s[i] >= 'A' && s[i] <= 'Z' || i > 0 && s[i] >= '0' && s[i] <= '9')
	}
	return ok
}
