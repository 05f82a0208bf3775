package moduleset

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/klplint/klplint/klp"
)

func keeps(e Effect, _, _ uint64) bool { return e == Keeps }

// Sixty modules that share 300 funcs concern each other in 3,540 ordered pairs,
// each with all of its funcs.
func TestPairsHoldAllThatIsShared(t *testing.T) {
	funcs := make([]string, 300)
	for i := range funcs {
		funcs[i] = fmt.Sprintf("func_%d", i)
	}
	var members []*Member
	for i := range 60 {
		members = append(members, NewMember(module(fmt.Sprintf("lp_%02d", i), number(uint32(i+1)), funcs...), false))
	}
	n := 0
	for p := range New(members, Options{}).FuncPairs(Match{Concerns: keeps}, nil) {
		n++
		if len(p.Shared) != 300 || p.Shared[299] != (Shared{299, 299}) || p.Next == p.Active {
			t.Fatalf("%s with %s: %d funcs", p.Next.Name, p.Active.Name, len(p.Shared))
		}
	}
	if n != 60*59 {
		t.Fatalf("%d pairs", n)
	}
}

// Two thousand modules that all patch one func are four million pairs: each is
// yielded, in order, and none is kept. Of more none is, and it is said.
func TestPairsAreNotKept(t *testing.T) {
	const modules = 2_000
	candidates := manyMembers(modules)
	for _, m := range candidates {
		m.Baseline = false
	}
	s := New(candidates, Options{})
	before := heap()
	n, last, peak := 0, -1, int64(0)
	for p := range s.FuncPairs(Match{Concerns: keeps}, nil) {
		at := p.Next.index*modules + p.Active.index
		if at <= last || p.Next == p.Active || len(p.Shared) == 0 {
			t.Fatalf("%s with %s: out of order, or about nothing", p.Next.Name, p.Active.Name)
		}
		last = at
		if n++; n == modules*(modules-1)/2 {
			peak = heap() - before
		}
	}
	if n != modules*(modules-1) {
		t.Errorf("%d pairs", n)
	}
	if peak > 8<<20 {
		t.Errorf("%d bytes in the middle of it", peak)
	}
	candidates = manyMembers(modules + 100)
	for _, m := range candidates {
		m.Baseline = false
	}
	n = 0
	for p := range New(candidates, Options{}).FuncPairs(Match{Concerns: keeps}, nil) {
		if n++; !p.TooMany() {
			t.Fatalf("%s with %s of too many pairs", p.Next.Name, p.Active.Name)
		}
	}
	if n != 1 {
		t.Errorf("%d answers where there are too many", n)
	}
}

func TestLackingPairs(t *testing.T) {
	member := func(name string, replace bool, baseline bool, ids ...uint64) *Member {
		m := module(name, flag(replace))
		for _, id := range ids {
			m.Patch.States = append(m.Patch.States, klp.State{ID: id, Version: 1})
		}
		return NewMember(m, baseline)
	}
	s := New([]*Member{
		member("active", false, true, 1, 2, 2, 3), member("a", true, false, 1), member("b", true, false), member("c", false, false), member("d", true, false, 3, 2, 1),
	}, Options{})
	var got []string
	for p := range s.LackingPairs(func(e Effect) bool { return e == Evicts }) {
		text := p.Next.Name + " over " + p.Active.Name + ":"
		for _, shared := range p.Shared {
			text += fmt.Sprintf(" %d", p.Active.States[shared.Active].ID)
		}
		got = append(got, text)
	}
	want := []string{"a over active: 2 3", "a over d: 3 2", "b over a: 1", "b over active: 1 2 3", "b over d: 3 2 1"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// A set of 10,000 modules with 200,000 distinct funcs takes less than half of
// the 64 MiB that a run over as many files may take.
func TestSetIsSmall(t *testing.T) {
	before := heap()
	s := New(manyMembers(10_000), Options{})
	s.index()
	used := heap() - before
	t.Logf("%d modules, %d funcs: %.1f MiB", len(s.Members), len(s.funcs), float64(used)/(1<<20))
	if used > 28<<20 {
		t.Errorf("the set takes %d bytes, want at most 28 MiB", used)
	}
	runtime.KeepAlive(s)
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// What a candidate shares is found with and without the index.
func TestCandidateFuncs(t *testing.T) {
	members := manyMembers(100)
	members[7].Baseline, members[8].Baseline = false, false
	s := New(members, Options{})
	var want, got [][]Row
	for rows := range s.SharedFuncs {
		if slices.ContainsFunc(rows, func(r Row) bool { return !r.Member.Baseline }) {
			want = append(want, slices.Clone(rows))
		}
	}
	for rows := range s.candidateFuncs {
		got = append(got, slices.Clone(rows))
	}
	if len(got) < 3 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d funcs, want %d", len(got), len(want))
	}
}
