package replace_test

import (
	"fmt"
	"testing"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// BenchmarkLoad is one load beside 100 active livepatches of 20 funcs each, for
// every model: a hotfix that stays beside them, and a cumulative one that takes
// over the funcs of those that it replaces (all under mainline, else one).
func BenchmarkLoad(b *testing.B) {
	const active = 100
	for _, model := range replace.All() {
		for _, c := range []struct {
			name       string
			cumulative bool
			want       []replace.Outcome
		}{
			{"hotfix", false, []replace.Outcome{replace.Stacks, replace.Coexists}},
			{"cumulative", true, []replace.Outcome{replace.Replaces}},
		} {
			b.Run(model.Name()+"/"+c.name, func(b *testing.B) {
				s := replace.NewSystem(model, replace.Env{})
				for i := range active {
					var d replace.Decision
					s, d = s.Load(benchPatch(b, model, i, i, false), replace.LoadOptions{})
					if !d.Accepted() {
						b.Fatalf("livepatch %d: %v", i, refusals(d))
					}
				}
				from := active
				if c.cumulative {
					from = 0
				}
				p := benchPatch(b, model, active, from, c.cumulative)
				b.ReportAllocs()
				for b.Loop() {
					_, d := s.Load(p, replace.LoadOptions{})
					if d.Outcome != c.want[0] && d.Outcome != c.want[len(c.want)-1] {
						b.Fatalf("%s: %v", d.Outcome, refusals(d))
					}
				}
			})
		}
	}
}

// benchPatch makes livepatch i, which has the funcs of livepatch from: of a set of
// its own, or of that one's set where it is cumulative.
func benchPatch(b *testing.B, model replace.Model, i, from int, cumulative bool) *replace.Livepatch {
	b.Helper()
	funcs := make([]string, 20)
	for j := range funcs {
		funcs[j] = fmt.Sprintf("function_%d_%d", from, j)
	}
	own := uint32(i + 1)
	if cumulative {
		own = uint32(from + 1)
	}
	field := flag(cumulative)
	switch model.Name() {
	case replace.NameMainline:
	case replace.NameReplaceSet, replace.NameSupersedes:
		field = set(own)
	default:
		field = list(own)
	}
	m := vm(fmt.Sprintf("livepatch_%d", i), field, funcs...)
	m.Modinfo.Entries = []klp.ModinfoEntry{{Key: "livepatch", Value: "Y"}}
	p, err := replace.NewLivepatch(model, m)
	if err != nil {
		b.Fatal(err)
	}
	return p
}
