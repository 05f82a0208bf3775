package moduleset

import (
	"cmp"
	"slices"
	"sync"

	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// Set is the modules that may meet: those for one Kernel. It is not changed after New, but
// for what is made when the first question needs it; several goroutines may read it.
type Set struct {
	Members []*Member // by path, without those of Dropped
	// Dropped are the members of the baseline that are candidates too, signed and
	// packed or not: by name and digest, or by path where either digest is not
	// known. A module is not judged against itself.
	Dropped []*Member
	Options Options

	candidates []*Member

	classes []*Class
	models  []replace.Model
	bySet   []map[uint32][]*Class // by model: the classes that belong to a set
	problem string                // why there is no model to judge under; "" when there is

	indexed   sync.Once     // the four below
	funcs     []funcEntry   // by hash
	shared    [][]funcEntry // the funcs that several members patch
	numbers   [][]int32     // of the members' funcs, see FuncNumbers
	different int           // funcs
	states    idIndex
	shadows   idIndex
}

// Options are the choices that the answers depend on.
type Options struct {
	// Target is the set's kernel; nil when nothing is known of it.
	Target klp.Target
	// Behaviour is how this kernel answers where releases differ. Where it names
	// no release it is taken from Target.
	Behaviour klp.Behaviour
	// AssumeSympos01: the kernel has the fix that makes klp_find_func() take
	// sympos 0 and 1 for equal (--assume-fix sympos01).
	AssumeSympos01 bool
	// Model is the name of the replace model to judge under; "" lets the
	// modules' own fields decide.
	Model string
	// ZeroSpecial: set 0 is replaced by a patch of set 0 only.
	ZeroSpecial bool
	// SharedFuncs are globs over func names, or over "object:func" where they
	// hold a colon (path.Match), each with ",sympos" where they hold a comma, that
	// every module of a vendor patches on
	// purpose: KLP401 does not warn of them. Where a model refuses the load, no
	// purpose helps, and it stays an error.
	SharedFuncs []string
	// EitherOrder: what loads in one order alone is a conflict of two candidates,
	// whatever their names say of the order in which they were built. A gate asks
	// this: it signs no two modules whose order a loader might confuse.
	EitherOrder bool
	// Digest returns a digest of a file's bytes. It is asked only for modules of
	// one name and size that were not hashed; nil means that they are taken for
	// different.
	Digest func(path string) (string, error)
}

// New makes the set of the members, in any order, and takes them over.
func New(members []*Member, o Options) *Set {
	if o.Behaviour.Release == "" && o.Target != nil {
		o.Behaviour = o.Target.Behaviour()
	}
	if o.AssumeSympos01 {
		o.Behaviour.Sympos01 = klp.Yes
	}
	s := &Set{Options: o}
	s.takeOver(members)
	s.findAliases()
	s.classify()
	s.chooseModels()
	s.indexSets()
	s.states = indexIDs(s.Members, func(m *Member, yield func(uint64)) {
		for i := range m.States {
			yield(m.States[i].ID)
		}
	})
	s.shadows = indexIDs(s.Members, func(m *Member, yield func(uint64)) {
		for i := range m.Shadows {
			yield(m.Shadows[i].ID)
		}
	})
	return s
}

// takeOver splits off the members of the baseline that are candidates too. Where
// both digests are known these decide: a path may be a short name for what a
// registry holds, and somebody can build two modules that share it.
func (s *Set) takeOver(members []*Member) {
	type file struct{ name, content string }
	paths, files := make(map[string]bool), make(map[file]bool)
	unhashed := make(map[string]bool) // paths of candidates without a digest
	for _, m := range members {
		if !m.Baseline {
			paths[m.Path] = true
			unhashed[m.Path] = unhashed[m.Path] || m.SHA256 == ""
			if m.SHA256 != "" {
				files[file{m.Name, m.content()}] = true
			}
		}
	}
	s.Members = make([]*Member, 0, len(members))
	for _, m := range slices.SortedStableFunc(slices.Values(members), order) {
		samePath := paths[m.Path] && (m.SHA256 == "" || unhashed[m.Path])
		if m.Baseline && (samePath || m.SHA256 != "" && files[file{m.Name, m.content()}]) {
			s.Dropped = append(s.Dropped, m)
			continue
		}
		m.index = len(s.Members)
		if m.stem == "" { // it may have been in a set before
			m.stem = names.Stem(cmp.Or(m.Name, m.Path), m.Release)
		}
		s.Members = append(s.Members, m)
		if !m.Baseline {
			s.candidates = append(s.candidates, m)
		}
	}
}

// findAliases asks the kernel for the aliases of funcs that were not compared
// with it before, such as those of a registry that was filled without.
func (s *Set) findAliases() {
	k, ok := s.Options.Target.(klp.AliasTarget)
	if !ok {
		return
	}
	type place struct {
		object, name string
		sympos       uint64
	}
	known := make(map[place]*codeName)
	for _, m := range s.Members {
		for i := range m.Funcs {
			f := &m.Funcs[i]
			if f.code != nil || f.Object.Literal {
				continue
			}
			at := place{f.Object.Name, f.Name, f.Sympos}
			code, asked := known[at]
			if !asked {
				f.setCode(klp.FirstName(f.Name, f.Position(), k.Aliases(at.object, at.name, at.sympos)))
				known[at] = f.code
			} else if code != nil {
				f.takeCode(code)
			}
		}
	}
}

// Candidates returns the members that are not of the baseline, by path. The list is
// the set's own.
func (s *Set) Candidates() []*Member { return s.candidates }

// Row is one entry of a member's table of funcs, states or shadow variables.
type Row struct {
	Member *Member
	Index  int
}

func compareRows(a, b Row) int {
	return cmp.Or(cmp.Compare(a.Member.index, b.Member.index), cmp.Compare(a.Index, b.Index))
}
