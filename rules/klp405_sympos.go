package rules

import (
	"fmt"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp405 = NewSetRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"set", "conflict", "replace"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP405",
		Doc: `a successor names the same func by sympos 0 where the other has 1

For a func that exists once, old_sympos 0 and 1 mean the same. When a livepatch
replaces another, klp_add_nops() (kernel/livepatch/core.c) looks up each old func
in the new one. Without "livepatch: Match old_sympos 0 and 1 in klp_find_func()"
(20251010230223.4013896-1-song@kernel.org; in 6.19 and in stable kernels since)
it takes the two for different funcs, adds a second one of the same name to
sysfs, and the load fails with EEXIST. Two versions of kpatch-build that disagree
about the number are enough.

An error where the kernel is known to lack the fix, information where it is known
to have it, else a warning: the release in vermagic rarely shows which stable or
vendor kernel has it. --assume-fix sympos01 says that it has.

Fix: use one spelling throughout, the one of the livepatches that are out already.`,
	},
}, func(s *Set) ([]finding.Finding, error) {
	if s.problem != "" {
		return nil, s.missing()
	}
	var findings []finding.Finding
	j := symposJudge{set: s, members: [2][]uint32{make([]uint32, len(s.classes)), make([]uint32, len(s.classes))}}
	for key := range s.keys {
		rows := s.funcs.of(uint32(key))
		first := s.keys[key]
		if len(rows) < 2 || s.Members[first.member].funcs[first.row].position() != 1 {
			continue
		}
		if f, want, ok := j.fold(rows); ok {
			findings = append(findings, s.symposDiffers(&f, want))
		}
	}
	return findings, s.missing()
})

// symposJudge finds candidates that replace a member which spells the position
// of a func the other way.
type symposJudge struct {
	set     *Set
	members [2][]uint32 // by class: members that spell it 0, and 1
	touched []uint32
}

func (j *symposJudge) fold(rows []posting) (f fold, want fate, found bool) {
	s := j.set
	for _, c := range j.touched {
		j.members[0][c], j.members[1][c] = 0, 0
	}
	j.touched = j.touched[:0]
	var spelt [2]bool
	for _, p := range rows {
		m := s.Members[p.member]
		n := m.funcs[p.row].sympos
		spelt[n] = true
		if !s.unread[m.class] {
			j.members[n][m.class]++
			j.touched = append(j.touched, m.class)
		}
	}
	if !spelt[0] || !spelt[1] {
		return fold{}, 0, false
	}
	// What is sure to fail goes before what may.
	for _, want := range []fate{goes, depends} {
		verdicts := make(map[classSpelling]bool)
		for _, p := range rows {
			m := s.Members[p.member]
			if m.Baseline || s.unread[m.class] {
				continue
			}
			k := classSpelling{m.class, m.funcs[p.row].sympos}
			bad, known := verdicts[k]
			if !known {
				bad = j.replacesOther(k, want)
				verdicts[k] = bad
			}
			if bad {
				f.next = p
				f.total++
			}
		}
		if f.total > 0 {
			if f.active, found = j.other(rows, f.next, want); found {
				f.total++
				return f, want, true
			}
			f.total = 0 // one module that spells it both ways, which is KLP107
		}
	}
	return fold{}, 0, false
}

type classSpelling struct {
	class  uint32
	sympos uint64
}

func (r row) list(want fate) []uint32 {
	if want == goes {
		return r.gone
	}
	return r.either
}

func (j *symposJudge) replacesOther(k classSpelling, want fate) bool {
	for _, class := range j.set.relations.of(k.class).list(want) {
		if j.members[1-k.sympos][class] > 0 {
			return true
		}
	}
	return false
}

// other finds the first member that next replaces and that spells the position
// the other way.
func (j *symposJudge) other(rows []posting, next posting, want fate) (posting, bool) {
	s := j.set
	n := s.Members[next.member]
	r := s.relations.of(n.class)
	for _, p := range rows {
		m := s.Members[p.member]
		if m != n && !s.unread[m.class] && m.funcs[p.row].sympos != n.funcs[next.row].sympos && r.fate(m.class) == want {
			return p, true
		}
	}
	return posting{}, false
}

func (s *Set) symposDiffers(f *fold, want fate) finding.Finding {
	next, active := s.Members[f.next.member], s.Members[f.active.member]
	title := next.funcTitle(f.next.row)
	out := s.sharedFunc(f)
	out.Related = s.related(f, fmt.Sprintf("names it by sympos %d", active.funcs[f.active.row].sympos), (*Member).funcAt)
	errno := strings.Join(s.Options.Behaviour.InitEEXIST, " or ")
	if errno == "" {
		errno = "EEXIST"
	}
	var verdict string
	switch s.Options.Behaviour.Sympos01 {
	case klp.Yes:
		out.Severity = finding.Info
		out.Kernel = accepted("this kernel takes sympos 0 and 1 for equal")
		verdict = "this kernel takes the two for equal, one without the fix of klp_find_func() refuses the load with EEXIST"
	case klp.No:
		out.Severity = finding.Error
		out.Kernel = refused(errno, "sysfs: cannot create duplicate filename")
		verdict = "this kernel takes the two for different funcs, and refuses the load with " + errno
	default:
		out.Severity = finding.Warning
		out.Kernel = refused(errno, "sysfs: cannot create duplicate filename, on a kernel without the fix of klp_find_func()")
		verdict = "a kernel without the fix of klp_find_func() refuses the load with " + errno + ", and whether this one has it is not known"
	}
	replaces := "replaces"
	if want == depends {
		replaces = "may replace"
		out.Undecided = out.Severity == finding.Error
		out.Severity = min(out.Severity, finding.Warning)
	}
	more := ""
	if n := f.total - 2; n > 0 {
		more = fmt.Sprintf("; so with %s", plural(n, "more candidate", "more candidates"))
	}
	out.Message = fmt.Sprintf("%s %s %s under %s and names %s by sympos %d, the other by %d: %s%s",
		next.title(), replaces, active.title(), s.modelNames(), title, next.funcs[f.next.row].sympos, active.funcs[f.active.row].sympos, verdict, more)
	return out
}
