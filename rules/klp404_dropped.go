package rules

import (
	"fmt"
	"iter"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/moduleset"
)

var klp404 = NewSetRule(&Rule{
	Severity:     finding.Error,
	Also:         []finding.Severity{finding.Warning},
	GateSeverity: finding.Error,
	Since:        "0.1",
	Tags:         []string{"set", "replace", "regression"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP404",
		Doc: `replacing livepatch drops funcs of one that it evicts

When a livepatch is replaced, every func that the new one does not list goes back to
the kernel's own code (kernel/livepatch/core.c: klp_add_nops): the fix is silently
reverted. The same goes for an object that has only callbacks.

Compared are the modules of the baseline that no later one of their lineage and of
their channel in the registry replaces for sure; later is what became active later
there, and by name elsewhere. A lineage is what one owner built
under one name, apart from the version and the kernel's release in it, or, under the
replace-set proposals, for one set. A func that another livepatch of the channel
patches which stays active is not dropped.

Candidates are compared with each other in each order that can happen. Where their
names tell which was built later, or where one patches all that the other does and
more, that is one order; otherwise both. Between candidates it is a warning in lint,
and an error in the gate.

Fix: carry the missing funcs over (build the cumulative patch from all of its
predecessor's fixes), or use a replace set of its own. Where a fix is reverted on
purpose, waive the finding with the reason.`,
	},
}, func(s *moduleset.Set) ([]finding.Finding, error) {
	if !s.Judged() {
		return nil, missing(s)
	}
	j := &dropJudge{set: s, keys: make(map[*moduleset.Member]map[moduleset.FuncKey]bool), seen: make(map[moduleset.FuncKey]bool)}
	return atBoth(s, evictions(s, func(p moduleset.Pair) bool {
		if p.Effect == moduleset.Undetermined && s.RefusesSharing() {
			return false // KLP407 has what the reading of sets decides
		}
		return j.happens(p)
	}), j.weigh, j.tell)
})

// dropJudge compares what a candidate patches with what it evicts.
type dropJudge struct {
	set        *moduleset.Set
	succession []moduleset.Effect // of the baseline; nil until somebody asks
	keys       map[*moduleset.Member]map[moduleset.FuncKey]bool

	// Of the pair that is told: memory for the next one.
	funcs  []*moduleset.Func
	seen   map[moduleset.FuncKey]bool
	places []pairPlace

	last  *moduleset.Member // whose funcs are marked
	marks []int32           // by the number of a func: 1 + the index of the last one that patches it
}

// became is what the later ones of its lineage made of a member of the baseline. Most
// candidates evict nothing, and nobody asks.
func (j *dropJudge) became(m *moduleset.Member) moduleset.Effect {
	if j.succession == nil {
		j.succession = j.set.Succession()
	}
	return j.succession[m.Index()]
}

// carriesAll reports whether Next patches all funcs that Active does. A few candidates
// beside many modules are asked by name, without the index of all funcs.
func (j *dropJudge) carriesAll(p moduleset.Pair) bool {
	if 8*len(j.set.Candidates()) <= len(j.set.Members) {
		carried := j.carried(p.Next)
		for i := range p.Active.Funcs {
			if !carried[p.Active.Funcs[i].Key()] {
				return false
			}
		}
		return true
	}
	if j.marks == nil {
		j.marks = make([]int32, j.set.DifferentFuncs())
	}
	mark := int32(p.Next.Index() + 1)
	if j.last != p.Next {
		j.last = p.Next
		for _, n := range j.set.FuncNumbers(p.Next) {
			j.marks[n] = mark
		}
	}
	for _, n := range j.set.FuncNumbers(p.Active) {
		if j.marks[n] != mark {
			return false
		}
	}
	return true
}

// carried are the funcs that a candidate patches.
func (j *dropJudge) carried(m *moduleset.Member) map[moduleset.FuncKey]bool {
	keys, ok := j.keys[m]
	if !ok {
		keys = m.Keys()
		j.keys[m] = keys
	}
	return keys
}

// happens reports whether Next drops something of Active, and may be loaded over it:
// over what no later one of its lineage has replaced, and of two candidates in the
// order that their names or their funcs give them.
func (j *dropJudge) happens(p moduleset.Pair) bool {
	if p.Active.Baseline && j.became(p.Active) == moduleset.Evicts {
		return false
	}
	if !j.drops(p) {
		return false
	}
	switch {
	case p.Active.Baseline || j.set.Follows(p.Next, p.Active):
		return true
	case j.set.Follows(p.Active, p.Next):
		return false
	}
	back := moduleset.Pair{Active: p.Next, Next: p.Active}
	return !j.set.Evicts(back.Next, back.Active) || j.drops(back)
}

// drops reports whether Next drops something of Active.
func (j *dropJudge) drops(p moduleset.Pair) bool {
	for range j.objects(p) {
		return true
	}
	if j.carriesAll(p) {
		return false
	}
	if !j.mayCover() {
		return true
	}
	for range j.dropped(p) {
		return true
	}
	return false
}

// mayCover reports whether there could be a livepatch that stays, and patches what
// another one drops.
func (j *dropJudge) mayCover() bool {
	return j.set.RefusesSharing() && len(j.set.Candidates()) < len(j.set.Members) // under mainline, what evicts one evicts all
}

// dropped yields the funcs of Active that go back to the kernel's own code, one
// that Active lists twice as often.
func (j *dropJudge) dropped(p moduleset.Pair) iter.Seq[*moduleset.Func] {
	return func(yield func(*moduleset.Func) bool) {
		carried := j.carried(p.Next)
		for i := range p.Active.Funcs {
			f := &p.Active.Funcs[i]
			key := f.Key()
			if carried[key] || j.covered(p, key) {
				continue
			}
			if !yield(f) {
				return
			}
		}
	}
}

// objects yields the objects of Active that it has callbacks for alone, and Next
// nothing.
func (j *dropJudge) objects(p moduleset.Pair) iter.Seq[*moduleset.Object] {
	return func(yield func(*moduleset.Object) bool) {
		for i := range p.Active.Objects {
			o := &p.Active.Objects[i]
			if o.Funcs > 0 || !o.Callbacks {
				continue
			}
			same := func(other moduleset.Object) bool { return other.Name == o.Name && other.Literal == o.Literal }
			if slices.ContainsFunc(p.Next.Objects, same) || slices.ContainsFunc(p.Active.Objects[:i], same) {
				continue
			}
			if !yield(o) {
				return
			}
		}
	}
}

// covered reports whether a livepatch patches the func that was active beside Active,
// and stays. One of another channel, or one that may have been replaced, need not be
// there.
func (j *dropJudge) covered(p moduleset.Pair, key moduleset.FuncKey) bool {
	if !j.mayCover() {
		return false
	}
	for _, r := range j.set.Patching(key) {
		if r.Member != p.Active && r.Member.Channel == p.Active.Channel && j.became(r.Member) == moduleset.Keeps && j.keeps(p.Next, r.Member) &&
			(p.Active.Baseline || j.keeps(p.Active, r.Member)) { // a candidate was loaded later than what is built
			return true
		}
	}
	return false
}

func (j *dropJudge) keeps(next, active *moduleset.Member) bool {
	return j.set.Effect(next.Class(), active.Class()) == moduleset.Keeps
}

func (j *dropJudge) weigh(p moduleset.Pair) weight {
	switch {
	case p.Effect == moduleset.Undetermined:
		return weight{finding.Warning, true}
	case !p.Active.Baseline:
		return weight{severity: finding.Warning}
	}
	return weight{severity: finding.Error}
}

// tell makes the finding; its places are good until the next call.
func (j *dropJudge) tell(p moduleset.Pair) pairFinding {
	s := j.set
	out := pairFinding{places: j.places[:0]}
	titles := make([]string, 0, maxListed)
	funcs := j.funcs[:0]
	clear(j.seen)
	for f := range j.dropped(p) {
		if j.seen[f.Key()] = true; len(j.seen) > len(funcs) {
			funcs = append(funcs, f)
		}
	}
	j.funcs = funcs
	objects := slices.Collect(j.objects(p))
	total := len(funcs) + len(objects)
	for _, f := range funcs[:min(len(funcs), maxListed)] {
		title := f.Title()
		titles = append(titles, title)
		out.places = append(out.places, pairPlace{side{p.Next.Replace.At, "does not patch"}, side{f.At(), "patches"}, title})
	}
	for _, o := range objects[:min(len(objects), maxListed-len(titles))] {
		object := names.Cut(o.Name)
		titles = append(titles, "object "+object)
		out.places = append(out.places, pairPlace{side{p.Next.Replace.At, "has nothing for"}, side{o.At, "has callbacks for"}, object})
	}
	j.places = out.places
	if len(objects) == 0 {
		out.aboutFuncs(len(funcs), func(i int) *moduleset.Func { return funcs[i] })
	} else {
		out.Identity = unlistedOf(funcs, objects)
	}
	out.Kernel = accepted("what is not listed goes back to the kernel's own code")
	next, active, list := p.Next.Title(), p.Active.Title(), listing(titles, total)
	if p.Effect == moduleset.Undetermined {
		out.Message = fmt.Sprintf("%s does not patch %s of %s, and whether it replaces is not known (%s): if it does, %s reverted",
			next, list, active, p.Next.Replace.String(), fixesAre(total))
		return out
	}
	out.Message = fmt.Sprintf("%s replaces %s under %s and does not patch %s: %s reverted", next, active, s.ModelNames(), list, fixesAre(total))
	return out
}

// unlistedOf are the funcs and objects that a message does not list, for
// finding.Finding.Identity.
func unlistedOf(funcs []*moduleset.Func, objects []*moduleset.Object) []string {
	var out []string
	for _, f := range funcs[min(len(funcs), maxListed):] {
		out = append(out, names.Object(f.Object.Name, f.Object.Literal)+":"+f.ID())
	}
	for _, o := range objects[min(len(objects), maxListed-min(len(funcs), maxListed)):] {
		out = append(out, "object "+names.Object(o.Name, o.Literal))
	}
	return out
}

// fixesAre is the subject of what becomes of n fixes.
func fixesAre(n int) string {
	if n == 1 {
		return "this fix is"
	}
	return "these fixes are"
}
