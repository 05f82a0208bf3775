package rules

import (
	"errors"
	"fmt"
	"testing"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

// manyMembers makes n modules of 20 funcs, 4 of which each shares with a
// neighbour, a state in every other one, and one func that all patch.
func manyMembers(n int, baseline bool, value func(i int) klp.Replace) []*moduleset.Member {
	members := make([]*moduleset.Member, n)
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
		members[i] = moduleset.NewMember(m, baseline)
	}
	return members
}

func stacking(int) klp.Replace  { return flag(false) }
func replacing(int) klp.Replace { return flag(true) }
func ownSet(i int) klp.Replace  { return number(uint32(i + 1)) }

// fewLists are 1,000 different lists that all share one set.
func fewLists(i int) klp.Replace { return list(1, uint32(i%1_000+2)) }

func runAll(b testing.TB, s *moduleset.Set) (findings int) {
	for _, r := range setRules() {
		if !r.Requires(SetInput) {
			continue
		}
		found, err := runOn(b, r, s)
		if missing := (*MissingInput)(nil); err != nil && !errors.As(err, &missing) {
			b.Fatal(err)
		}
		findings += len(found)
	}
	return findings
}

func BenchmarkOneAgainstMany(b *testing.B) {
	for _, c := range []struct {
		name  string
		value func(int) klp.Replace
	}{{"stacking", stacking}, {"replacing", replacing}, {"sets", ownSet}, {"lists", fewLists}} {
		b.Run(c.name, func(b *testing.B) {
			members := append(manyMembers(10_000, true, c.value), manyMembers(1, false, c.value)...)
			members[10_000].Path = "new.ko"
			s := moduleset.New(members, moduleset.Options{})
			b.ReportAllocs()
			for b.Loop() {
				runAll(b, s)
			}
		})
	}
}

// All pairs are judged: time for each module grows with their number.
func BenchmarkManyAgainstEachOther(b *testing.B) {
	for _, c := range []struct {
		name  string
		value func(int) klp.Replace
	}{{"stacking", stacking}, {"replacing", replacing}, {"sets", ownSet}, {"lists", fewLists}} {
		for _, n := range []int{300, 1_000} {
			b.Run(fmt.Sprintf("%s/%d", c.name, n), func(b *testing.B) {
				s := moduleset.New(manyMembers(n, false, c.value), moduleset.Options{})
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
	s := moduleset.New(members, moduleset.Options{})
	for b.Loop() {
		runAll(b, s)
	}
}

// A candidate is compared with ten thousand built modules by every rule.
func TestOneAgainstManyIsEvaluated(t *testing.T) {
	for name, value := range map[string]func(int) klp.Replace{"stacking": stacking, "replacing": replacing, "sets": ownSet, "lists": fewLists} {
		members := manyMembers(10_000, true, value)
		one := manyMembers(1, false, value)[0]
		one.Path, one.Name = "new.ko", "new"
		s := moduleset.New(append(members, one), moduleset.Options{})
		for _, r := range setRules() {
			if r.Requires(SetInput) {
				if _, err := runOn(t, r, s); err != nil {
					t.Errorf("%s: %s: %v", name, r.ID(), err)
				}
			}
		}
	}
}

// Lists that all overlap are a million pairs, each of which is judged: a rule
// reports as many as it may one by one, and sums up the others at each module.
func TestManyPairsAreSummedUp(t *testing.T) {
	const modules = 1_000
	s := moduleset.New(manyMembers(modules, false, func(i int) klp.Replace { return list(1, uint32(i+2)) }), moduleset.Options{})
	for _, r := range []*Rule{klp404, klp407, klp412} {
		findings, err := runOn(t, r, s)
		if err != nil {
			t.Errorf("%s: %v", r.ID(), err)
		}
		of := make(map[string]int)
		for i := range findings {
			f := &findings[i]
			of[f.Module] += max(f.More, len(f.Related))
			if f.More > 0 && len(f.Others) == 0 {
				t.Errorf("%s: no name among %d", r.ID(), f.More)
			}
		}
		for _, m := range s.Members {
			if r == klp412 && of[m.Path] != modules-1 {
				t.Errorf("%s: %s has %d others", r.ID(), m.Path, of[m.Path])
			}
		}
		if len(findings) > 2*maxTold+modules {
			t.Errorf("%s: %d findings", r.ID(), len(findings))
		}
	}
}
