package rules

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/klplint/klplint/klp"
)

// manyMembers makes n modules of 20 funcs, 4 of which each shares with a
// neighbour, a state in every other one, and one func that all patch.
func manyMembers(n int, baseline bool, value func(i int) klp.Replace) []*Member {
	members := make([]*Member, n)
	for i := range members {
		m := sample{name: fmt.Sprintf("livepatch_%d_cve", i), replace: value(i), states: fmt.Sprintf("%d:1", 1+i/2)}.module()
		o := klp.Object{Name: "vmlinux", Null: true}
		for j := range 20 {
			name := fmt.Sprintf("some_function_name_%d", 16*i+j)
			if j == 19 {
				name = "__do_sys_newuname"
			}
			o.Funcs = append(o.Funcs, klp.Func{Name: name, At: klp.Location{Section: ".data", Offset: uint64(152 * j), Symbol: "funcs", File: int64(4096 + 152*j)}})
		}
		m.Patch.Objects = []klp.Object{o}
		members[i] = NewMember(m, baseline)
	}
	return members
}

func stacking(int) klp.Replace  { return flag(false) }
func replacing(int) klp.Replace { return flag(true) }
func ownSet(i int) klp.Replace  { return number(uint32(i + 1)) }

// fewLists are 1,000 different lists that all share one set.
func fewLists(i int) klp.Replace { return list(1, uint32(i%1_000+2)) }

func runAll(b testing.TB, s *Set) (findings int) {
	for _, r := range setRules() {
		found, err := runOn(b, r, s)
		if err != nil {
			b.Fatal(err)
		}
		findings += len(found)
	}
	return findings
}

// The baseline's index: what the others are measured against.
func BenchmarkNewSet(b *testing.B) {
	members := manyMembers(10_000, true, stacking)
	b.ReportAllocs()
	for b.Loop() {
		NewSet(members, SetOptions{})
	}
}

func BenchmarkOneAgainstMany(b *testing.B) {
	for _, c := range []struct {
		name  string
		value func(int) klp.Replace
	}{{"stacking", stacking}, {"replacing", replacing}, {"sets", ownSet}, {"lists", fewLists}} {
		b.Run(c.name, func(b *testing.B) {
			members := append(manyMembers(10_000, true, c.value), manyMembers(1, false, c.value)...)
			members[10_000].Path = "new.ko"
			s := NewSet(members, SetOptions{})
			b.ReportAllocs()
			for b.Loop() {
				runAll(b, s)
			}
		})
	}
}

// Time for each module must stay the same from 1,000 to 10,000.
func BenchmarkManyAgainstEachOther(b *testing.B) {
	for _, c := range []struct {
		name  string
		value func(int) klp.Replace
	}{{"stacking", stacking}, {"replacing", replacing}, {"sets", ownSet}, {"lists", fewLists}} {
		for _, n := range []int{1_000, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", c.name, n), func(b *testing.B) {
				s := NewSet(manyMembers(n, false, c.value), SetOptions{})
				findings := 0
				for b.Loop() {
					findings = runAll(b, s)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/module")
				b.ReportMetric(float64(findings)/float64(n), "findings/module")
			})
		}
	}
}

// Five thousand candidates that each replace a baseline of as many lineages.
func BenchmarkManyReplaceMany(b *testing.B) {
	members := append(manyMembers(5_000, true, replacing), manyMembers(5_000, false, replacing)...)
	for i, m := range members[5_000:] {
		m.Path, m.Name = fmt.Sprintf("new_%d.ko", i), fmt.Sprintf("new_%d_fix", i)
	}
	s := NewSet(members, SetOptions{})
	for b.Loop() {
		runAll(b, s)
	}
}

// A set of 10,000 modules with 200,000 distinct funcs takes less than half of
// the 64 MiB that a run over as many files may take.
func TestSetIsSmall(t *testing.T) {
	before := heap()
	s := NewSet(manyMembers(10_000, true, stacking), SetOptions{})
	used := heap() - before
	t.Logf("%d modules, %d funcs: %.1f MiB", len(s.Members), s.keyCount, float64(used)/(1<<20))
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

// Lists that overlap without end are refused, not compared for hours.
func TestTooManyOverlappingLists(t *testing.T) {
	s := NewSet(manyMembers(3_000, false, func(i int) klp.Replace { return list(1, uint32(i+2)) }), SetOptions{})
	for _, r := range setRules() {
		findings, err := runOn(t, r, s)
		if missing := (*MissingInput)(nil); !errors.As(err, &missing) && r != klp406 && r != klp408 {
			t.Errorf("%s: %d findings, error %v", r.ID(), len(findings), err)
		}
	}
}
