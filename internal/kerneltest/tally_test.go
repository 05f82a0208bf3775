package kerneltest

import (
	"slices"
	"testing"
)

// TestTallies: what each combination of claims and answer counts as.
func TestTallies(t *testing.T) {
	refused := func(errno string) Claim { return Claim{Rule: "KLP901", Errno: errno} }
	for _, c := range []struct {
		name       string
		claims     []Claim
		errno      string
		want       Tally
		unforetold int
	}{
		{"refused as foretold", []Claim{refused("EINVAL")}, "EINVAL", Tally{Foretold: 1, Agreed: 1}, 0},
		{"either errno", []Claim{refused("EEXIST or EBUSY")}, "EBUSY", Tally{Foretold: 1, Agreed: 1}, 0},
		{"two claims, one true", []Claim{refused("ENOENT"), refused("EINVAL")}, "EINVAL", Tally{Foretold: 1, Agreed: 1}, 0},
		{"refused otherwise", []Claim{refused("EINVAL")}, "ENOEXEC", Tally{Foretold: 1, Other: 1}, 1},
		{"taken against the claim", []Claim{refused("EINVAL")}, "OK", Tally{Foretold: 1, Wrong: []string{"m"}}, 0},
		{"crash as foretold", []Claim{{Rule: "KLP901", Crash: true}}, crashed, Tally{Foretold: 1, Agreed: 1}, 0},
		{"crash instead of a refusal", []Claim{refused("EINVAL")}, crashed, Tally{Foretold: 1, Other: 1}, 1},
		{"taken instead of a crash", []Claim{{Rule: "KLP901", Crash: true}}, "OK", Tally{Foretold: 1, Wrong: []string{"m"}}, 0},
		{"a crash that comes later", []Claim{{Rule: "KLP901", Crash: true, Later: true}}, "OK", Tally{}, 0},
		{"taken as foretold", []Claim{{Rule: "KLP901", Takes: true}}, "OK", Tally{Taken: 1}, 0},
		{"refused though said to be taken", []Claim{{Rule: "KLP901", Takes: true}}, "EINVAL", Tally{}, 1},
		{"refused unforetold", nil, "EINVAL", Tally{}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			tallies := Tallies{Rules: map[string]*Tally{}, seen: map[string]bool{}}
			step := Step{Op: "load", Module: "m", Answer: Answer{Errno: c.errno}}
			tallies.count(step, c.claims, true)
			tallies.count(step, c.claims, true) // a module counts once
			var got Tally
			if tallies.Rules["KLP901"] != nil {
				got = *tallies.Rules["KLP901"]
			}
			if got.Foretold != c.want.Foretold || got.Agreed != c.want.Agreed || got.Other != c.want.Other ||
				got.Taken != c.want.Taken || !slices.Equal(got.Wrong, c.want.Wrong) {
				t.Errorf("tally %+v, want %+v", got, c.want)
			}
			if len(tallies.Unforetold) != c.unforetold {
				t.Errorf("unforetold %q, want %d", tallies.Unforetold, c.unforetold)
			}
		})
	}
}

// TestTalliesBeside: a refusal beside another livepatch needs a claim about the
// two, or one about the module alone.
func TestTalliesBeside(t *testing.T) {
	active := Step{Op: "load", Module: "a", Answer: Answer{Errno: "OK"}}
	refused := Step{Op: "load", Module: "b", Answer: Answer{Errno: "EINVAL"}}
	for _, c := range []struct {
		name          string
		alone, beside []Claim
		unforetold    int
	}{
		{"claim about the two", nil, []Claim{{Rule: "KLP903", Errno: "EINVAL"}}, 0},
		{"claim about the one", []Claim{{Rule: "KLP901", Errno: "EINVAL"}}, nil, 0},
		{"a complaint only", []Claim{{Rule: "KLP901", Takes: true}}, []Claim{{Rule: "KLP903", Takes: true}}, 1},
		{"none", nil, nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			tallies := Tallies{Rules: map[string]*Tally{}, seen: map[string]bool{}}
			tallies.countBeside(active, refused, c.alone, c.beside, false)
			if len(tallies.Unforetold) != c.unforetold {
				t.Errorf("unforetold %q, want %d", tallies.Unforetold, c.unforetold)
			}
			if len(c.beside) > 0 && !c.beside[0].Takes && tallies.Rules["KLP903"].Agreed != 1 {
				t.Error("the claim is not counted")
			}
		})
	}
}

// TestFirstLoad: only a load into a clean kernel is what a rule about one module
// speaks of.
func TestFirstLoad(t *testing.T) {
	suite := &Suite{Modules: map[string]Module{"t": {Name: "ext4", Kind: "target"}, "a": {Name: "a"}}}
	for _, c := range []struct {
		name  string
		steps []Step
		at    int
		there bool
	}{
		{"alone", []Step{{Op: "load", Module: "a"}}, 0, false},
		{"beside its target", []Step{{Op: "load", Module: "t", Answer: Answer{Errno: "OK"}}, {Op: "load", Module: "a"}}, 1, true},
		{"target refused", []Step{{Op: "load", Module: "t", Answer: Answer{Errno: "ENOEXEC"}}, {Op: "load", Module: "a"}}, 1, false},
		{"behind another operation", []Step{{Op: "unload", Module: "a"}, {Op: "load", Module: "a"}}, -1, false},
		{"no livepatch", []Step{{Op: "load", Module: "t"}}, -1, false},
	} {
		at, present := firstLoad(suite, Scenario{Steps: c.steps})
		if at != c.at || present["ext4"] != c.there {
			t.Errorf("%s: %d, %v", c.name, at, present)
		}
	}
}
