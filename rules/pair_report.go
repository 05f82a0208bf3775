package rules

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/moduleset"
)

// Every pair is judged, up to moduleset.MaxPairs; not every one is told. A finding
// about a pair takes about a kilobyte.
const (
	// maxTold bounds the pairs of which a rule reports each by itself: those of
	// one candidate with four thousand others, or of sixty-four with each other.
	maxTold = 4096
	// maxPlaced bounds those of them that have a place for each func or state
	// that is listed. The others have the first.
	maxPlaced = 128
	// maxNamed bounds the names in the findings that sum up all other pairs.
	maxNamed = 1 << 16
)

// pairReport gathers the findings of one rule about pairs. Each candidate has the
// same share of the bounds: what is said of one does not depend on the others'
// findings.
type pairReport struct {
	set                 *moduleset.Set
	told, placed, named int // at most, of each candidate
	nextOnly            bool

	list []finding.Finding
	both []atOther // told pairs of two candidates

	// Nil until the first pair: most rules find none.
	counts []int                // told pairs, by the index of Next
	rests  []*rest              // by the index of the candidate; nil for none
	known  pairTable            // told pairs of two candidates
	summed map[weight]pairTable // the other pairs of two candidates
}

// atOther is a finding that is Active's too, unless the other order has its own.
type atOther struct {
	next, active int
	finding      finding.Finding
}

// rest is what is summed up of one candidate.
type rest struct {
	count  int
	worst  weight
	others []string // paths of the first of them
}

func newPairReport(s *moduleset.Set) *pairReport {
	candidates := max(1, len(s.Candidates()))
	return &pairReport{
		set: s, told: max(1, maxTold/candidates), placed: max(1, maxPlaced/candidates), named: max(1, maxNamed/candidates),
	}
}

// takes reports whether the pair is to be told; if not it is summed up.
func (r *pairReport) takes(p moduleset.Pair, w weight) bool {
	if members := len(r.set.Members); r.counts == nil {
		r.counts, r.rests = make([]int, members), make([]*rest, members)
		r.known, r.summed = make(pairTable, members), make(map[weight]pairTable)
	}
	next, active := p.Next.Index(), p.Active.Index()
	if r.counts[next] < r.told {
		r.counts[next]++
		if !p.Active.Baseline {
			r.known.set(next, active)
		}
		return true
	}
	r.sum(next, p.Active, w)
	if !p.Active.Baseline && !r.nextOnly {
		if r.summed[w] == nil {
			r.summed[w] = make(pairTable, len(r.set.Members))
		}
		r.summed[w].set(next, active)
	}
	return false
}

func (r *pairReport) tell(p moduleset.Pair, f *pairFinding) {
	if r.counts[p.Next.Index()] > r.placed {
		f.places = f.places[:1]
	}
	r.list = append(r.list, f.atNext(p))
	if !p.Active.Baseline && !r.nextOnly {
		r.both = append(r.both, atOther{p.Next.Index(), p.Active.Index(), f.atActive(p)})
	}
}

// sum adds a pair to what is summed up of a candidate.
func (r *pairReport) sum(candidate int, other *moduleset.Member, w weight) {
	x := r.rests[candidate]
	if x == nil {
		x = &rest{worst: w}
		r.rests[candidate] = x
	}
	x.count++
	x.worst.severity = max(x.worst.severity, w.severity)
	x.worst.undecided = x.worst.undecided || w.undecided
	if len(x.others) < r.named {
		x.others = append(x.others, other.Path)
	}
}

// findings ends the report.
func (r *pairReport) findings() []finding.Finding {
	if r.counts == nil {
		return nil
	}
	for i := range r.both {
		if b := &r.both[i]; !r.reported(b.active, b.next) {
			r.list = append(r.list, b.finding)
		}
	}
	for _, next := range r.set.Members {
		for w, table := range r.summed {
			table.each(next.Index(), func(active int) {
				if !r.reported(active, next.Index()) {
					r.sum(active, next, w)
				}
			})
		}
	}
	for _, m := range r.set.Members {
		x := r.rests[m.Index()]
		if x == nil {
			continue
		}
		slices.Sort(x.others)
		r.list = append(r.list, finding.Finding{
			Module: m.Path, Location: m.Replace.At, Severity: x.worst.severity, Undecided: x.worst.undecided, More: x.count, Others: x.others,
			Message: fmt.Sprintf("%s meets %s in the way that this rule reports, too many to report one by one: check fewer modules at once to see each",
				m.Title(), moreLivepatches(x.count)),
		})
	}
	return r.list
}

func moreLivepatches(n int) string {
	if n == 1 {
		return "1 more livepatch"
	}
	return fmt.Sprintf("%d more livepatches", n)
}

// reported tells whether the pair has a finding at Next, or is summed up there.
func (r *pairReport) reported(next, active int) bool {
	if r.known.has(next, active) {
		return true
	}
	for _, table := range r.summed {
		if table.has(next, active) {
			return true
		}
	}
	return false
}

// pairTable has a bit for each pair of two members, by their indices: a row for each
// Next, nil while it has none.
type pairTable [][]uint64

func (t pairTable) set(next, active int) {
	if t[next] == nil {
		t[next] = make([]uint64, (len(t)+63)/64)
	}
	t[next][active/64] |= 1 << (active % 64)
}

func (t pairTable) has(next, active int) bool {
	row := t[next]
	return row != nil && row[active/64]>>(active%64)&1 != 0
}

// each calls f with each Active of Next, in ascending order.
func (t pairTable) each(next int, f func(active int)) {
	for i, word := range t[next] {
		for ; word != 0; word &= word - 1 {
			f(i*64 + bits.TrailingZeros64(word))
		}
	}
}
