package timeline_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/klplint/klplint/cmd/klplint/internal/timeline"
	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/replace/plan"
)

// longTrace has as many steps as asked for. The first livepatch stays to the end, all
// others in a set of their own, or none where they are refused.
func longTrace(t *testing.T, steps int) []plan.Trace {
	t.Helper()
	var modules, loads strings.Builder
	for i := range steps {
		fmt.Fprintf(&modules, "  - {name: lp-%03d, replace_sets: [%d], funcs: [vmlinux:f%d]}\n", i, i+1, i%40)
		fmt.Fprintf(&loads, "  - load: lp-%03d\n", i)
	}
	p, err := plan.Parse([]byte("modules:\n" + modules.String() + "steps:\n" + loads.String()))
	if err != nil {
		t.Fatal(err)
	}
	return p.Run(replace.SetsFlat{}, replace.Env{})
}

// TestSheets: on paper nothing of a long picture is lost, and no sheet is larger than
// a page.
func TestSheets(t *testing.T) {
	traces := longTrace(t, 60)
	if wide, spread := timeline.Paper(traces); !wide || !spread {
		t.Errorf("60 steps: wide %t, spread %t", wide, spread)
	}
	if wide, spread := timeline.Paper(longTrace(t, 3)); wide || spread {
		t.Errorf("3 steps: wide %t, spread %t", wide, spread)
	}
	var whole, b bytes.Buffer
	if err := timeline.Draw(&whole, traces, timeline.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := timeline.Sheets(&b, traces, timeline.Options{IDs: "x-"}); err != nil {
		t.Fatal(err)
	}
	sheets := strings.SplitAfter(b.String(), "</svg>\n")
	sheets = sheets[:len(sheets)-1]
	if len(sheets) < 6 {
		t.Errorf("%d sheets", len(sheets))
	}
	size := regexp.MustCompile(`^<svg [^>]* width="(\d+)" height="(\d+)"`)
	step := regexp.MustCompile(`font-weight="bold">(\d+)</text>`)
	id := regexp.MustCompile(` id="([^"]*)"`)
	steps, lanes, refused, ids := make(map[string]int), make(map[string]bool), 0, make(map[string]bool)
	for _, s := range sheets {
		check(t, []byte(s))
		m := size.FindStringSubmatch(s)
		width, _ := strconv.Atoi(m[1])
		height, _ := strconv.Atoi(m[2])
		if width != 1180 || height > 800 {
			t.Errorf("a sheet of %d by %d", width, height)
		}
		for _, m := range step.FindAllStringSubmatch(s, -1) {
			steps[m[1]]++
		}
		for _, m := range regexp.MustCompile(`>(lp-\d+)</text>`).FindAllStringSubmatch(s, -1) {
			lanes[m[1]] = true
		}
		refused += strings.Count(s, ">EINVAL<")
		for _, m := range id.FindAllStringSubmatch(s, -1) {
			if ids[m[1]] {
				t.Errorf("the ID %s twice", m[1])
			}
			ids[m[1]] = true
		}
	}
	if len(steps) != 60 || len(lanes) != 60 || refused == 0 || refused != strings.Count(whole.String(), ">EINVAL<") {
		t.Errorf("%d steps, %d lanes, %d refusals (%d in the whole picture)", len(steps), len(lanes), refused, strings.Count(whole.String(), ">EINVAL<"))
	}
	// The first is active to the end: it is on a sheet of every window of steps.
	if n := strings.Count(b.String(), ">lp-000</text>"); n != 4 {
		t.Errorf("lp-000 is on %d sheets", n)
	}
}
