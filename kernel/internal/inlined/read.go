package inlined

import (
	"bytes"
	"cmp"
	"path"
	"slices"

	"github.com/klplint/klplint/kernel/internal/debuginfo"
)

// Pair says that a function was inlined into another one, at least once.
type Pair struct {
	Callee, Caller string
	File           string // the last part of the name of the unit's source file
}

// maxPairs bounds the answer; an allyesconfig kernel has fewer functions.
const maxPairs = 1 << 21

// Read returns the pairs whose callee is wanted, sorted, each once.
func Read(s debuginfo.Sections, wanted func(name []byte) bool) ([]Pair, error) {
	r := reader{wanted: wanted, names: map[string]string{}, seen: map[Pair]bool{}, subs: map[int]subprogram{}}
	if err := s.Units(r.unit); err != nil {
		return nil, err
	}
	list := make([]Pair, 0, len(r.seen))
	for p := range r.seen {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(a.Callee, b.Callee), cmp.Compare(a.Caller, b.Caller), cmp.Compare(a.File, b.File))
	})
	return list, nil
}

// reader goes through the units. Its slices are used again for each.
type reader struct {
	wanted func([]byte) bool
	names  map[string]string // each name once in memory
	seen   map[Pair]bool

	file  string
	subs  map[int]subprogram // by offset in the unit
	calls []call
	stack []scope
}

// subprogram is what a DW_TAG_subprogram says of itself.
type subprogram struct {
	name   []byte
	origin int // offset of the entry that names it, 0 for none
}

// call is one inlined copy: both are offsets of subprograms in the unit.
type call struct{ callee, caller int }

// scope is an entry with children: the concrete function around them, 0 for none.
type scope struct{ function int }

// unit reads one unit.
func (r *reader) unit(u *debuginfo.Unit) error {
	r.file, r.calls, r.stack = "", r.calls[:0], r.stack[:0]
	clear(r.subs)
	for at := u.First(); at < u.Len(); {
		e, err := u.Entry(at)
		if err != nil {
			return err
		}
		at = e.End
		if e.Tag == 0 {
			if len(r.stack) > 0 {
				r.stack = r.stack[:len(r.stack)-1]
			}
			continue
		}
		function := 0
		if len(r.stack) > 0 {
			function = r.stack[len(r.stack)-1].function
		}
		var is entry
		switch e.Tag {
		case debuginfo.TagCompileUnit, debuginfo.TagSubprogram, debuginfo.TagInlinedSubroutine:
			if is, err = read(&e); err != nil {
				return err
			}
		}
		switch e.Tag {
		case debuginfo.TagCompileUnit:
			r.file = r.intern([]byte(path.Base(string(is.name))))
		case debuginfo.TagSubprogram:
			r.subs[e.Offset] = subprogram{is.name, is.origin}
			function = 0
			if is.concrete {
				function = e.Offset
			}
		case debuginfo.TagInlinedSubroutine:
			if function != 0 && is.origin != 0 {
				r.calls = append(r.calls, call{is.origin, function})
			}
		}
		if e.Children {
			r.stack = append(r.stack, scope{function})
		}
	}
	r.pairs()
	return nil
}

// entry is what matters of one entry.
type entry struct {
	name     []byte
	origin   int // offset in the unit
	concrete bool
}

func read(from *debuginfo.Entry) (entry, error) {
	var e entry
	for name, v := range from.Attributes {
		switch name {
		case debuginfo.AttrName:
			e.name = v.String()
		case debuginfo.AttrAbstractOrigin, debuginfo.AttrSpecification:
			origin, err := v.Reference()
			if err != nil {
				return e, err
			}
			e.origin = origin
		case debuginfo.AttrLowPC, debuginfo.AttrRanges:
			e.concrete = true
		}
	}
	return e, nil
}

// maxOrigins bounds how many entries lead to the one with the name.
const maxOrigins = 8

func (r *reader) nameOf(offset int) []byte {
	for range maxOrigins {
		s, ok := r.subs[offset]
		if !ok || s.name != nil {
			return s.name
		}
		offset = s.origin
	}
	return nil
}

// pairs takes up the inlined copies of the unit.
func (r *reader) pairs() {
	for _, c := range r.calls {
		callee := r.nameOf(c.callee)
		if callee == nil || !r.wanted(callee) {
			continue
		}
		caller := r.nameOf(c.caller)
		if caller == nil || bytes.Equal(caller, callee) || len(r.seen) == maxPairs {
			continue
		}
		r.seen[Pair{r.intern(callee), r.intern(caller), r.file}] = true
	}
}

func (r *reader) intern(b []byte) string {
	if s, ok := r.names[string(b)]; ok {
		return s
	}
	s := string(b)
	r.names[s] = s
	return s
}
