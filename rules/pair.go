package rules

import (
	"cmp"
	"fmt"
	"iter"
	"strings"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

// pairFinding is what a rule says of a pair of modules, to be reported at one
// of them with places in the other.
type pairFinding struct {
	finding.Finding // without Module, Location and Related
	places          []pairPlace
}

// pairPlace is a place in each of two modules, and what a reader is told there.
type pairPlace struct {
	next, active side
	what         string // what both clauses are about, "" where they say all themselves
}

// side is a place in one module, and a clause that follows that module's name.
type side struct {
	at   klp.Location
	says string
}

// weight is how severe a pair is, and whether that is undecided.
type weight struct {
	severity  finding.Severity // 0: the rule's own, for all of its pairs
	undecided bool
}

// always is the weight of the pairs of a rule that are all alike.
func always(moduleset.Pair) weight { return weight{} }

// atBoth reports each pair at Next, and at Active too where that is a candidate
// and no pair of the other order is reported there. What of a candidate is
// beyond its share of maxTold is one finding with the worst weight of these. The
// error is what a rule lacks that needs the replace models: see missing.
func atBoth(s *moduleset.Set, pairs iter.Seq[moduleset.Pair], weigh func(moduleset.Pair) weight, tell func(moduleset.Pair) pairFinding) ([]finding.Finding, error) {
	list, err := reportPairs(s, pairs, weigh, tell)
	if err == nil {
		err = missing(s)
	}
	return list, err
}

// atNext is atBoth for a rule that reports a pair at Next alone.
func atNext(s *moduleset.Set, pairs iter.Seq[moduleset.Pair], weigh func(moduleset.Pair) weight, tell func(moduleset.Pair) pairFinding) ([]finding.Finding, error) {
	r := newPairReport(s)
	r.nextOnly = true
	list, err := r.pairs(pairs, weigh, tell)
	if err == nil {
		err = missing(s)
	}
	return list, err
}

// reportPairs is atBoth for a rule that goes by no replace model. The error says
// that there are more pairs than moduleset.MaxPairs.
func reportPairs(s *moduleset.Set, pairs iter.Seq[moduleset.Pair], weigh func(moduleset.Pair) weight, tell func(moduleset.Pair) pairFinding) ([]finding.Finding, error) {
	return newPairReport(s).pairs(pairs, weigh, tell)
}

// pairs reports pairs.
func (r *pairReport) pairs(pairs iter.Seq[moduleset.Pair], weigh func(moduleset.Pair) weight, tell func(moduleset.Pair) pairFinding) ([]finding.Finding, error) {
	count := 0
	for p := range pairs {
		if count++; p.TooMany() || count > moduleset.MaxPairs {
			return nil, &MissingInput{Needs: fmt.Sprintf("fewer modules at once: more than %d pairs to compare", moduleset.MaxPairs)}
		}
		w := weigh(p)
		if !r.takes(p, w) {
			continue
		}
		f := tell(p)
		f.Severity, f.Undecided = w.severity, w.undecided
		r.tell(p, &f)
	}
	return r.findings(), nil
}

func (f *pairFinding) atNext(p moduleset.Pair) finding.Finding {
	return f.at(p.Next, p.Active, func(place *pairPlace) (own, others *side) { return &place.next, &place.active })
}

func (f *pairFinding) atActive(p moduleset.Pair) finding.Finding {
	return f.at(p.Active, p.Next, func(place *pairPlace) (own, others *side) { return &place.active, &place.next })
}

// at is the finding at m, with the places in the other module.
func (f *pairFinding) at(m, other *moduleset.Member, sides func(*pairPlace) (own, others *side)) finding.Finding {
	out := f.Finding
	own, _ := sides(&f.places[0])
	out.Module, out.Location = m.Path, own.at
	out.Identity = append([]string{"module " + cmp.Or(other.Name, other.Path)}, f.Identity...)
	out.Related = make([]finding.Related, len(f.places))
	title := other.Title() + " "
	for i := range f.places {
		_, others := sides(&f.places[i])
		message := title + others.says
		if what := f.places[i].what; what != "" {
			message = title + others.says + " " + what
		}
		out.Related[i] = finding.Related{Module: other.Path, Message: message, Location: others.at}
	}
	return out
}

// sharedFuncs begins a finding about the funcs that a pair shares, and returns
// their titles for its message. At each place a reader is told that the module
// does (verb) it, the func, and what follows.
func sharedFuncs(p moduleset.Pair, verb, after string) (pairFinding, string) {
	var f pairFinding
	f.aboutFuncs(len(p.Shared), func(i int) *moduleset.Func { return &p.Next.Funcs[p.Shared[i].Next] })
	titles := make([]string, 0, maxListed)
	for _, shared := range p.Shared[:min(len(p.Shared), maxListed)] {
		next, active := &p.Next.Funcs[shared.Next], &p.Active.Funcs[shared.Active]
		title := next.Title()
		if next.NameKey() != active.NameKey() {
			title += ", the same code as " + active.Title() + ","
		}
		titles = append(titles, title)
		nextIt, activeIt := "it", "it"
		if len(p.Shared) > 1 || next.NameKey() != active.NameKey() {
			nextIt, activeIt = next.Title(), active.Title()
		}
		f.places = append(f.places, pairPlace{
			next:   side{next.At(), verb + " " + nextIt + after},
			active: side{active.At(), verb + " " + activeIt + after},
		})
	}
	return f, listing(titles, len(p.Shared))
}

// aboutFuncs sets the funcs of a finding.
func (f *pairFinding) aboutFuncs(n int, at func(int) *moduleset.Func) {
	f.Funcs = make([]finding.Func, 0, n)
	for i := range n {
		fn := at(i)
		f.Funcs = append(f.Funcs, finding.Func{Object: fn.Object.Name, Name: fn.ID()})
	}
	if n == 0 {
		return
	}
	f.Object = f.Funcs[0].Object
	for _, fn := range f.Funcs {
		if fn.Object != f.Object {
			f.Object = ""
		}
	}
	if n == 1 {
		f.Func = f.Funcs[0].Name
	}
}

// listing is "a, b and 3 more": the titles that there are, of count.
func listing(titles []string, count int) string {
	list := strings.Join(titles, ", ")
	if more := count - len(titles); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}
