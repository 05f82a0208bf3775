package moduleset

import (
	"errors"
	"fmt"
	"runtime"
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
	pairs, err := New(members, Options{}).FuncPairs(Match{Concerns: keeps}, nil)
	if err != nil || len(pairs) != 60*59 {
		t.Fatalf("%d pairs, %v", len(pairs), err)
	}
	for _, p := range pairs {
		if len(p.Shared) != 300 || p.Shared[299] != (Shared{299, 299}) || p.Next == p.Active {
			t.Fatalf("%s with %s: %d funcs", p.Next.Name, p.Active.Name, len(p.Shared))
		}
	}
}

// A func that ten thousand candidates patch is no answer, and says so at once;
// that ten thousand of a baseline patch it is one.
func TestTooManyPairs(t *testing.T) {
	candidates := manyMembers(10_000)
	baseline := manyMembers(10_000)
	for _, m := range candidates {
		m.Baseline = false
	}
	_, err := New(candidates, Options{}).FuncPairs(Match{Concerns: keeps}, nil)
	if tooMany := (*TooManyPairs)(nil); !errors.As(err, &tooMany) || tooMany.Max != MaxPairs {
		t.Errorf("error %v", err)
	}
	one := NewMember(module("new", flag(false), "__do_sys_newuname"), false)
	pairs, err := New(append(baseline, one), Options{}).FuncPairs(Match{Concerns: keeps}, nil)
	if err != nil || len(pairs) != 10_000 {
		t.Errorf("one against many: %d pairs, %v", len(pairs), err)
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
	pairs, err := s.LackingPairs(func(e Effect) bool { return e == Evicts })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range pairs {
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
