package kerneltest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/rules"
)

// unasked says why a released kernel cannot answer what a rule of the families
// KLP1xx to KLP4xx says. Every other one must be answered in each full run.
var unasked = map[string]string{
	"KLP100": "what is no livepatch asks nothing of the livepatch core",
	"KLP113": "foretells nothing: where the flag is decided at run time, both readings are predicted",
	"KLP126": "x86_64 needs no such sections",
	"KLP311": "foretells nothing: a matter of style",
	"KLP312": "Debian's kernels have CONFIG_LIVEPATCH and reliable stack traces, and take unsigned modules",
	"KLP313": "a kernel that reads tables of another layout does whatever the bytes say",
	"KLP314": "the kernel patches silently whatever stands at the position",
	"KLP317": "foretells nothing: the kernel is not the module's",
	"KLP402": "replace sets are proposed only",
	"KLP407": "replace sets are proposed only",
	"KLP408": "replace sets are proposed only",
	"KLP409": "replace sets are proposed only",
	"KLP410": "compares two orders; of the one that a scenario takes KLP403 foretells the same refusal",
	"KLP412": "replace sets are proposed only",
}

// unsettled are rules that a kernel may answer or not, with the reason; what it does
// answer is held against the rule all the same.
var unsettled = map[string]string{
	"KLP221": "the crash comes when the kernel follows the pointer, and 6.12 lived with one that was never followed",
	"KLP222": "the crash comes when the code first runs, which no scenario makes it do",
	"KLP214": "the emulator's processor has no indirect branch tracking",
	"KLP215": "Debian's kernels have neither CONFIG_CFI nor BTI",
	"KLP216": "what comes back shows in calls, which the scenarios of Suite.calls make",
	"KLP217": "the crash comes when a callback is late, which no scenario waits for",
	"KLP321": "what still runs the old code shows in calls, which the scenarios of Suite.calls make",
	"KLP322": "what still runs the old code shows in calls, which the scenarios of Suite.calls make",
	"KLP323": "the transition never ends, which a scenario of Suite.calls waits for",
	"KLP324": "a layout that differs shows in what the code does, not in the load",
	"KLP325": "a prototype that differs shows in calls, which no scenario makes",
	"KLP326": "what still runs the old code shows in calls, which no scenario makes",
}

// askedOn612 are rules that 6.12 must answer and other kernels may.
var askedOn612 = map[string]string{
	"KLP120": "asked on 6.12 alone",
	"KLP121": "asked on 6.12 alone: what 6.1 does with sections that are not allocated differs",
	"KLP122": "asked on 6.12 alone",
	"KLP123": "asked on 6.12 alone",
	"KLP124": "asked on 6.12 alone",
	"KLP125": "asked on 6.12 alone, which takes such an import",
	"KLP127": "asked on 6.12 alone",
	"KLP211": "asked on 6.12 alone",
	"KLP212": "asked on 6.12 alone",
	"KLP213": "asked on 6.12 alone",
	"KLP220": "asked on 6.12 alone",
}

// Unasked lists the rules about what a kernel does that no scenario asked it
// about although it could have been, and those that were said to be impossible
// to ask about and were answered.
func (t *Tallies) Unasked(k *kernel.Kernel) []string {
	var problems []string
	unpacks, _ := k.Config("MODULE_DECOMPRESS")
	for _, rule := range rules.All() {
		id := rule.ID()
		if !strings.HasPrefix(id, "KLP") || !slices.Contains([]byte("1234"), id[3]) {
			continue
		}
		tally := t.Rules[id]
		answered := tally != nil && (tally.Agreed > 0 || tally.Foretold == 0 && tally.Taken > 0)
		_, listed := unasked[id]
		if id == "KLP331" && unpacks != "y" {
			listed = true // the kernel is never handed a packed module
		}
		_, open := unsettled[id]
		if !open && !strings.HasPrefix(k.Release(), "6.12.") {
			_, open = askedOn612[id]
		}
		switch {
		case open:
		case !answered && !listed:
			problems = append(problems, fmt.Sprintf("%s: no scenario on %s shows what the kernel does", id, k.Release()))
		case answered && listed:
			problems = append(problems, fmt.Sprintf("%s: said to have no answer, and %s gave one", id, k.Release()))
		}
	}
	return problems
}
