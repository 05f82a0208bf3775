package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// Dumper writes modules as they are read. Close ends the output.
type Dumper interface {
	Module(*klp.Module) error
	Problem(lint.Error) error
	Close(DumpTotal) error
}

// DumpTotal counts what a dump has shown.
type DumpTotal struct {
	Modules, Objects, Funcs int // livepatch modules, and what they patch in all
	Others                  int // shown, and no livepatch
	Skipped                 int // met in a folder, and no livepatch
	Problems                int
}

// Count adds a module that is shown.
func (t *DumpTotal) Count(m *klp.Module) {
	if !m.IsLivepatch() {
		t.Others++
		return
	}
	t.Modules++
	t.Objects += len(m.Patch.Objects)
	for i := range m.Patch.Objects {
		t.Funcs += len(m.Patch.Objects[i].Funcs)
	}
}

// String says in one line, without a line break, what was shown.
func (t DumpTotal) String() string {
	s := fmt.Sprintf("%s: %s in %s", count(t.Modules, "livepatch"), count(t.Funcs, "func"), count(t.Objects, "object"))
	if t.Others > 0 {
		s += "; " + count(t.Others, "other file")
	}
	if t.Skipped > 0 {
		s += "; " + count(t.Skipped, "other file") + " skipped"
	}
	if t.Problems > 0 {
		s += fmt.Sprintf("; %d could not be read", t.Problems)
	}
	return s
}

// replaceValue says what the field of klp_patch holds, in the form in which
// plans write it.
func replaceValue(r *klp.Replace) string {
	switch r.Kind {
	case klp.KindFlag:
		if r.Source == klp.FromRuntime {
			return "replace set at run time"
		}
		return "replace: " + strconv.FormatBool(r.Flag)
	case klp.KindSet:
		s := fmt.Sprintf("replace_set: %d", r.Set)
		if r.Supersedes != nil {
			s += ", supersedes: " + numberList(r.Supersedes)
		}
		return s
	case klp.KindSets:
		if r.SetsNull {
			return "replace_sets: NULL"
		}
		return "replace_sets: " + numberList(r.Sets)
	case klp.KindUnknown:
	}
	return "replace unknown"
}

// replaceEvidence says how the value is known, or why it is not.
func replaceEvidence(r *klp.Replace) string {
	var parts []string
	if r.Source != klp.FromNone && r.Source != "" {
		parts = append(parts, "from "+string(r.Source))
	}
	if r.Kind != klp.KindUnknown {
		switch r.FieldSource {
		case klp.FieldDWARF, klp.FieldBTF:
			parts = append(parts, "field by "+strings.ToUpper(string(r.FieldSource)))
		case klp.FieldValue:
			parts = append(parts, "field by its value")
		case klp.FieldOption:
			parts = append(parts, "field by --replace-field")
		case klp.FieldAssumed:
			parts = append(parts, "field assumed")
		}
	}
	if r.Param != nil {
		parts = append(parts, "parameter "+r.Param.String())
	}
	if r.Reason != "" {
		parts = append(parts, r.Reason)
	}
	return strings.Join(parts, "; ")
}

func numberList(numbers []uint32) string {
	b := []byte{'['}
	for i, n := range numbers {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendUint(b, uint64(n), 10)
	}
	return string(append(b, ']'))
}
