package rules

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/replace"
)

// smallSet draws a set of up to four modules whose funcs and states meet often.
func smallSet(model string) *rapid.Generator[[]sample] {
	value := map[string]*rapid.Generator[klp.Replace]{
		"mainline":    rapid.Map(rapid.Bool(), flag),
		"replace-set": rapid.Map(rapid.Uint32Range(0, 2), func(n uint32) klp.Replace { return number(n) }),
		"supersedes": rapid.Custom(func(t *rapid.T) klp.Replace {
			return number(rapid.Uint32Range(0, 2).Draw(t, "own"), rapid.SliceOfN(rapid.Uint32Range(0, 3), 0, 2).Draw(t, "supersedes")...)
		}),
	}
	lists := rapid.Map(rapid.SliceOfN(rapid.Uint32Range(0, 3), 0, 3), func(n []uint32) klp.Replace { return list(n...) })
	value["sets-positional"], value["sets-flat"] = lists, lists
	words := func(t *rapid.T, label string, of ...string) string {
		return strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, 3, rapid.ID[string]).Draw(t, label), " ")
	}
	return rapid.Custom(func(t *rapid.T) []sample {
		set := make([]sample, rapid.IntRange(2, 4).Draw(t, "modules"))
		for i := range set {
			set[i] = sample{
				name: string(rune('a' + i)), replace: value[model].Draw(t, "replace"),
				funcs:    words(t, "funcs", "foo", "bar,1", "bar,2", "ext4:foo", "qux") + " own_" + string(rune('a'+i)),
				states:   words(t, "states", "7:1", "7:2", "8:1", "9:3"),
				baseline: rapid.Bool().Draw(t, "baseline"),
			}
		}
		return set
	})
}

// refusals gathers what replace says of every order of loading: the baseline
// in any order and choice, then candidates in any order and choice. A step that
// is refused is left out, and the rest goes on.
type refusals struct {
	funcs, sameStates, lower, lacking map[string]bool
	order                             map[[2]string]string // accepted or refused, of two candidates alone
	reverted                          map[string]bool      // "next: object:func", loaded right after one of the baseline
}

var inReason = map[string]*regexp.Regexp{
	"func":    regexp.MustCompile(`^(\S+) is also patched by`),
	"same":    regexp.MustCompile(`^state (\d+) is also in`),
	"lower":   regexp.MustCompile(`^state (\d+) has version`),
	"lacking": regexp.MustCompile(`^state (\d+) of .* is missing`),
}

func observe(t *rapid.T, model replace.Model, set []sample, zero bool) *refusals {
	out := &refusals{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[[2]string]string{}, map[string]bool{}}
	patches := make([]*replace.Livepatch, len(set))
	for i := range set {
		p, err := replace.NewLivepatch(model, set[i].module())
		if err != nil {
			t.Fatal(err)
		}
		patches[i] = p
	}
	note := func(d replace.Decision) {
		reasons := []string{d.Reason}
		for _, also := range d.Also {
			reasons = append(reasons, also.Reason)
		}
		for _, r := range reasons {
			for kind, into := range map[string]map[string]bool{"func": out.funcs, "same": out.sameStates, "lower": out.lower, "lacking": out.lacking} {
				if m := inReason[kind].FindStringSubmatch(r); m != nil {
					into[m[1]] = true
				}
			}
		}
	}
	env := replace.Env{Behaviour: klp.Behaviour{Sympos01: klp.Yes, NullNameCrashes: klp.No, InitEEXIST: []string{"EEXIST"}}, ZeroSpecial: zero}
	var walk func(s replace.System, used []int)
	walk = func(s replace.System, used []int) {
		for i := range set {
			if slices.Contains(used, i) || set[i].baseline && slices.ContainsFunc(used, func(u int) bool { return !set[u].baseline }) {
				continue
			}
			next, d := s.Load(patches[i], replace.LoadOptions{})
			if !set[i].baseline {
				note(d)
			}
			if len(used) == 1 && d.Accepted() && set[used[0]].baseline && !set[i].baseline {
				owners := next.Owners()
				for f := range s.Owners() {
					if owners[f] == "" {
						out.reverted[set[i].name+": "+f] = true
					}
				}
			}
			if len(used) == 1 && !set[used[0]].baseline && !set[i].baseline {
				out.order[[2]string{set[used[0]].name, set[i].name}] = cmp.Or(d.Errno, "accepted")
			}
			walk(next, append(slices.Clone(used), i))
		}
	}
	walk(replace.NewSystem(model, env), nil)
	return out
}

// What the rules say of a set is what some order of loading shows, for each
// model: no more and no less.
func TestSetRulesAgreeWithReplace(t *testing.T) {
	for _, model := range replace.All() {
		t.Run(model.Name(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				set := smallSet(model.Name()).Draw(t, "set")
				zero := rapid.Bool().Draw(t, "zero special")
				want := observe(t, model, set, zero)
				s := newSample(moduleset.Options{Model: model.Name(), ZeroSpecial: zero, EitherOrder: true}, set...)

				funcs := map[string]bool{}
				for _, f := range mustRun(t, klp401, s) {
					if f.Severity == finding.Error {
						for fn := range f.About {
							funcs[fn.Object+":"+fn.Name] = true
						}
					}
				}
				same(t, "KLP401", funcs, want.funcs)
				same(t, "KLP402", statesIn(mustRun(t, klp402, s), `both use states? ([\d, ]+):`), want.sameStates)
				klp403s := mustRun(t, klp403, s)
				same(t, "KLP403 lower", statesIn(klp403s, `has states? ([\d, ]+) at version`), want.lower)
				same(t, "KLP403 lacking", statesIn(klp403s, `lacks its states? ([\d, ]+):`), want.lacking)

				orders := map[string]bool{}
				for pair, answer := range want.order {
					if answer == "accepted" && want.order[[2]string{pair[1], pair[0]}] == "EINVAL" {
						orders[fmt.Sprintf("%s after %s is accepted", pair[1], pair[0])] = true
					}
				}
				got := map[string]bool{}
				for _, f := range mustRun(t, klp410, s) {
					_, m, _ := strings.Cut(f.Message, ": ")
					m, _, _ = strings.Cut(m, ",")
					got[m] = true
				}
				same(t, "KLP410", got, orders)
			})
		})
	}
}

// Without an order of two candidates KLP410 speaks once of each pair that loads in
// one order alone, and KLP403 is an error for those that load in none. Where their
// names give an order nobody speaks of the other one.
func TestOrdersOfCandidates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := smallSet("mainline").Draw(t, "set")
		for i := range set {
			set[i].name = rapid.SampledFrom([]string{"fix_", "hotfix_"}).Draw(t, "lineage") + fmt.Sprint(i)
		}
		refused := map[[2]int]bool{}
		for i := range set {
			for j := range set {
				s := replace.NewSystem(replace.Mainline{}, replace.Env{})
				var d replace.Decision
				for _, k := range []int{i, j} {
					p, err := replace.NewLivepatch(replace.Mainline{}, set[k].module())
					if err != nil {
						t.Fatal(err)
					}
					s, d = s.Load(p, replace.LoadOptions{})
				}
				refused[[2]int{i, j}] = i != j && !d.Accepted()
			}
		}
		wantErrors, wantOrders := map[string]bool{}, map[string]bool{}
		for i := range set {
			for j := range set {
				if !refused[[2]int{i, j}] || set[j].baseline {
					continue
				}
				stem := func(k int) string { return strings.TrimRight(set[k].name, "0123456789") }
				pair := set[j].name + " after " + set[i].name
				switch {
				case set[i].baseline:
					wantErrors[pair] = true
				case stem(i) == stem(j):
					if i < j { // the number at the end is the order
						wantErrors[pair], wantErrors[set[i].name+" after "+set[j].name] = true, true
					}
				case refused[[2]int{j, i}]:
					wantErrors[pair] = true
				default:
					wantOrders[pair] = true
				}
			}
		}
		s := newSample(moduleset.Options{Model: "mainline"}, set...)
		gotErrors, gotOrders := map[string]bool{}, map[string]bool{}
		for _, f := range mustRun(t, klp403, s) {
			if f.Severity != finding.Error {
				t.Errorf("%v: %s", f.Severity, f.Message)
			}
			gotErrors[strings.TrimSuffix(f.Module, ".ko")+" after "+strings.TrimSuffix(f.Related[0].Module, ".ko")] = true
		}
		for _, f := range mustRun(t, klp410, s) {
			pair := strings.TrimSuffix(f.Module, ".ko") + " after " + strings.TrimSuffix(f.Related[0].Module, ".ko")
			if gotOrders[pair] {
				t.Errorf("%s: twice", pair)
			}
			gotOrders[pair] = true
		}
		same(t, "errors", gotErrors, wantErrors)
		same(t, "orders", gotOrders, wantOrders)
	})
}

// Under mainline KLP401 warns of exactly those funcs that two active livepatches
// patch after some order of loading.
func TestStackedFuncsAgreeWithReplace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := smallSet("mainline").Draw(t, "set")
		for i := range set {
			set[i].states = ""
		}
		want := map[string]bool{}
		for i := range set {
			for j := range set {
				if i == j || set[j].baseline {
					continue // the baseline comes first
				}
				s := replace.NewSystem(replace.Mainline{}, replace.Env{})
				for _, k := range []int{i, j} {
					p, err := replace.NewLivepatch(replace.Mainline{}, set[k].module())
					if err != nil {
						t.Fatal(err)
					}
					s, _ = s.Load(p, replace.LoadOptions{})
				}
				count := map[string]int{}
				for _, p := range s.Active() {
					for _, o := range p.Module.Patch.Objects {
						for _, f := range o.Funcs {
							count[fmt.Sprintf("%s:%s,%d", o.Name, f.Name, f.Position())]++
						}
					}
				}
				for f, n := range count {
					if n > 1 {
						want[strings.TrimSuffix(f, ",1")] = true
					}
				}
			}
		}
		got := map[string]bool{}
		for _, f := range mustRun(t, klp401, newSample(moduleset.Options{}, set...)) {
			for fn := range f.About {
				got[fn.Object+":"+fn.Name] = true
			}
		}
		same(t, "KLP401", got, want)
	})
}

// KLP404 names every func that loses its owner when a candidate is loaded over
// one of the baseline, where each module is a lineage of its own and none stays.
func TestDroppedFuncsAgreeWithReplace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := smallSet("mainline").Draw(t, "set")
		for i := range set {
			set[i].states = ""
		}
		want := observe(t, replace.Mainline{}, set, false).reverted
		for k := range want {
			if strings.Contains(k, "ext4:") { // not loaded in the oracle's kernel
				delete(want, k)
			}
		}
		got := map[string]bool{}
		for _, f := range mustRun(t, klp404, newSample(moduleset.Options{}, set...)) {
			if f.Severity != finding.Error {
				continue
			}
			for _, r := range f.Related {
				_, what, _ := strings.Cut(r.Message, " patches ")
				if !strings.HasPrefix(what, "ext4:") {
					got[strings.TrimSuffix(f.Module, ".ko")+": "+what] = true
				}
			}
		}
		same(t, "KLP404", got, want)
	})
}

// Each candidate has a finding for each other module beside which a kernel
// refuses one of the two, in whatever order the members are given, and none for
// any other.
func TestEachPairThatIsRefusedIsReportedAtBoth(t *testing.T) {
	for _, model := range replace.All() {
		t.Run(model.Name(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				set := smallSet(model.Name()).Draw(t, "set")
				want := map[string]bool{}
				for i := range set {
					for j := range set {
						if i == j || set[j].baseline {
							continue // the baseline comes first
						}
						s := replace.NewSystem(model, replace.Env{})
						var d replace.Decision
						for _, k := range []int{i, j} {
							p, err := replace.NewLivepatch(model, set[k].module())
							if err != nil {
								t.Fatal(err)
							}
							s, d = s.Load(p, replace.LoadOptions{})
						}
						if d.Accepted() || d.Errno != "EINVAL" {
							continue
						}
						want[set[j].name+" with "+set[i].name] = true
						if !set[i].baseline {
							want[set[i].name+" with "+set[j].name] = true
						}
					}
				}
				var first []finding.Finding
				for range 2 {
					s := newSample(moduleset.Options{Model: model.Name(), EitherOrder: true}, set...)
					got := map[string]bool{}
					var all []finding.Finding
					for _, rule := range []*Rule{klp401, klp402, klp403, klp404, klp405, klp407, klp409, klp410, klp411, klp412} {
						all = append(all, mustRun(t, rule, s)...)
					}
					for _, f := range all {
						if f.Severity == finding.Error && f.Rule <= "KLP403" {
							got[strings.TrimSuffix(f.Module, ".ko")+" with "+strings.TrimSuffix(f.Related[0].Module, ".ko")] = true
						}
					}
					same(t, "pairs", got, want)
					if first != nil {
						if d := gocmp.Diff(first, all); d != "" {
							t.Fatalf("other findings in another order:\n%s", d)
						}
					}
					first = all
					set = rapid.Permutation(set).Draw(t, "order")
				}
			})
		})
	}
}

// With both readings judged, KLP407 speaks for a candidate exactly where one
// model on its own replaces a member and the other does not.
func TestReadingsAgreeWithReplace(t *testing.T) {
	positional, flat := replace.SetsPositional{}, replace.SetsFlat{}
	rapid.Check(t, func(t *rapid.T) {
		set := smallSet("sets-flat").Draw(t, "set")
		want, got := map[string]bool{}, map[string]bool{}
		for i := range set {
			for j := range set {
				if i == j || set[j].baseline {
					continue
				}
				var evicted []bool
				for _, m := range []replace.Model{positional, flat} {
					a, _ := m.Read(&set[i].replace)
					n, _ := m.Read(&set[j].replace)
					evicted = append(evicted, m.Relate(n, a, replace.Options{}).Evicted)
				}
				if evicted[0] != evicted[1] {
					for _, k := range []int{i, j} {
						if !set[k].baseline {
							want[set[k].name+".ko with "+set[i+j-k].name+".ko"] = true
						}
					}
				}
			}
		}
		for _, f := range mustRun(t, klp407, newSample(moduleset.Options{}, set...)) {
			got[f.Module+" with "+f.Related[0].Module] = true
		}
		same(t, "KLP407", got, want)
	})
}

func mustRun(t *rapid.T, rule *Rule, s *moduleset.Set) []finding.Finding {
	findings, err := rule.Analyzer.Run(passOf(rule, s))
	if err != nil {
		t.Fatal(err)
	}
	return findings.([]finding.Finding)
}

func statesIn(findings []finding.Finding, pattern string) map[string]bool {
	re := regexp.MustCompile(pattern)
	out := map[string]bool{}
	for _, f := range findings {
		if m := re.FindStringSubmatch(f.Message); m != nil {
			for id := range strings.SplitSeq(m[1], ", ") {
				out[id] = true
			}
		}
	}
	return out
}

func same(t *rapid.T, what string, got, want map[string]bool) {
	if !maps.Equal(got, want) {
		t.Fatalf("%s: rules say %v, replace says %v", what, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}
