package rules

import (
	"fmt"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
)

var klp404 = NewSetRule(&Rule{
	Severity:     finding.Error,
	GateSeverity: finding.Error,
	Since:        "0.1",
	Tags:         []string{"set", "replace", "regression"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP404",
		Doc: `a replacing module drops funcs of a livepatch that it evicts

When a livepatch is replaced, every func that the new one does not list goes back
to the kernel's own code (kernel/livepatch/core.c: klp_add_nops): the fix is
reverted, without a word in the log. So is what an object had callbacks for alone.

Compared is the newest module of each lineage of the baseline: of those that one
owner built under one name, apart from the version and the kernel's release in
it, or, under the replace-set proposals, for one set. A func that another
livepatch patches which stays active is not dropped. Between candidates, whose
order nobody gave, it is a warning, and only where the names say which follows
which.

Fix: carry the missing funcs over (build the cumulative patch from all of its
predecessor's fixes), or use a replace set of its own. Where a fix is taken back
on purpose, waive the finding with the reason.`,
	},
}, func(s *Set) ([]finding.Finding, error) {
	if s.problem != "" {
		return nil, s.missing()
	}
	j := newDropJudge(s)
	byClass := make([][]*Member, len(s.classes))
	for _, i := range s.candidates {
		m := s.Members[i]
		if !s.unread[m.class] {
			byClass[m.class] = append(byClass[m.class], m)
		}
	}
	var findings []finding.Finding
	for class, candidates := range byClass {
		if len(candidates) == 0 {
			continue
		}
		for _, want := range []fate{goes, depends} {
			if want == depends && s.underSets() {
				continue // KLP407 has what the reading decides
			}
			evicted := j.evicted(uint32(class), want)
			for _, m := range candidates {
				if d := j.dropped(m, &evicted); d.total > 0 {
					findings = append(findings, s.drops(m, &d, want, finding.Error))
				}
			}
		}
	}
	for _, pair := range s.predecessors() {
		want := s.fate(pair[0], pair[1])
		if want != goes && (want != depends || s.underSets()) {
			continue
		}
		evicted := j.union(s.relations.of(pair[1].class), []*Member{pair[0]})
		if d := j.dropped(pair[1], &evicted); d.total > 0 {
			findings = append(findings, s.drops(pair[1], &d, want, finding.Warning))
		}
	}
	return findings, s.missing()
})

// dropJudge compares candidates with the union of what they evict. The union is
// made once for a class of candidates; a candidate then costs its own funcs.
type dropJudge struct {
	set      *Set
	newest   map[uint32][]*Member
	isNewest []bool   // by member
	mark     []uint32 // by key: the round in which it was seen
	inUnion  []uint32 // by key: the round of the union that has it
	round    uint32
}

func newDropJudge(s *Set) *dropJudge {
	j := &dropJudge{set: s, newest: s.newest(), isNewest: make([]bool, len(s.Members)), mark: make([]uint32, s.keyCount), inUnion: make([]uint32, s.keyCount)}
	for _, members := range j.newest {
		for _, m := range members {
			j.isNewest[m.index] = true
		}
	}
	return j
}

// evictions is the union of what evicted members patch.
type evictions struct {
	funcs   []posting // one for each key, the first that has it
	objects []posting // one for each object without funcs; row is of Member.objects
	round   uint32
}

// drop is what of it a candidate does not patch.
type drop struct {
	funcs, objects []posting // at most maxListed together
	total          int
}

func (j *dropJudge) evicted(class uint32, want fate) evictions {
	r := j.set.relations.of(class)
	var members []*Member
	for _, x := range r.list(want) {
		members = append(members, j.newest[x]...)
	}
	return j.union(r, members)
}

func (j *dropJudge) union(r row, members []*Member) evictions {
	var out evictions
	type objectKey struct {
		name    string
		literal bool
	}
	objects := make(map[objectKey]bool)
	j.round++
	out.round = j.round
	for _, m := range members {
		for i := range m.funcs {
			if key := m.funcs[i].key; j.mark[key] != j.round {
				j.mark[key] = j.round
				if !j.covered(r, key) {
					j.inUnion[key] = j.round
					out.funcs = append(out.funcs, posting{uint32(m.index), uint32(i)})
				}
			}
		}
		for i := range m.objects {
			o := &m.objects[i]
			if k := (objectKey{o.name, o.literal}); o.count == 0 && o.callbacks != 0 && !objects[k] {
				objects[k] = true
				out.objects = append(out.objects, posting{uint32(m.index), uint32(i)})
			}
		}
	}
	return out
}

// covered reports whether the newest of another lineage patches the func and
// stays.
func (j *dropJudge) covered(r row, key uint32) bool {
	rows := j.set.funcs.of(key)
	if len(rows) < 2 || len(r.gone) == len(j.set.classes) {
		return false
	}
	for _, p := range rows {
		m := j.set.Members[p.member]
		if m.Baseline && !j.set.unread[m.class] && j.isNewest[p.member] && r.fate(m.class) == stays {
			return true
		}
	}
	return false
}

// dropped counts by what the candidate has of the union, and looks through the
// union only until there is enough to list.
func (j *dropJudge) dropped(m *Member, e *evictions) drop {
	j.round++
	d := drop{total: len(e.funcs)}
	for i := range m.funcs {
		key := m.funcs[i].key
		if j.mark[key] != j.round {
			j.mark[key] = j.round
			if j.inUnion[key] == e.round {
				d.total--
			}
		}
	}
	most := min(d.total, maxListed)
	for _, p := range e.funcs {
		if len(d.funcs) == most {
			break
		}
		if j.mark[j.set.Members[p.member].funcs[p.row].key] != j.round {
			d.funcs = append(d.funcs, p)
		}
	}
	for _, p := range e.objects {
		o := &j.set.Members[p.member].objects[p.row]
		if m.hasObject(o) {
			continue
		}
		if d.total++; d.total <= maxListed {
			d.objects = append(d.objects, p)
		}
	}
	return d
}

func (m *Member) hasObject(o *objectRow) bool {
	for i := range m.objects {
		if m.objects[i].name == o.name && m.objects[i].literal == o.literal {
			return true
		}
	}
	return false
}

func (s *Set) drops(m *Member, d *drop, want fate, severity finding.Severity) finding.Finding {
	out := finding.Finding{Module: m.Path, Severity: severity, Location: m.Replace.At}
	var listed, evicted []string
	named := make(map[uint32]bool)
	note := func(p posting) *Member {
		o := s.Members[p.member]
		if !named[p.member] {
			named[p.member] = true
			evicted = append(evicted, o.title())
		}
		return o
	}
	for _, p := range d.funcs {
		o := note(p)
		listed = append(listed, o.funcTitle(p.row))
		out.Related = append(out.Related, finding.Related{Module: o.Path, Message: o.title() + " patches " + o.funcTitle(p.row), Location: o.funcAt(p.row)})
	}
	for _, p := range d.objects {
		o := note(p)
		object := &o.objects[p.row]
		listed = append(listed, "object "+names.Cut(object.name))
		out.Related = append(out.Related, finding.Related{Module: o.Path, Message: o.title() + " has callbacks for " + names.Cut(object.name), Location: o.location(object.at)})
	}
	if d.total == 1 && len(d.funcs) == 1 {
		o := s.Members[d.funcs[0].member]
		out.Object, out.Func = o.object(d.funcs[0].row), o.funcName(d.funcs[0].row)
	}
	list := strings.Join(listed, ", ")
	if more := d.total - len(listed); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	who := strings.Join(evicted, ", ")
	out.Kernel = accepted("what is not listed goes back to the kernel's own code")
	if want == depends {
		out.Severity, out.Undecided = finding.Warning, true
		out.Message = fmt.Sprintf("%s does not patch %s of %s, and whether it replaces is not known (%s): if it does, these fixes are reverted; if it does not, they stay",
			m.title(), list, who, m.Replace.String())
		return out
	}
	out.Message = fmt.Sprintf("%s replaces %s under %s and does not patch %s: these fixes are reverted", m.title(), who, s.modelNames(), list)
	return out
}
