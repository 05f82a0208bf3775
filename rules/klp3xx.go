package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

// kernelRules judge a livepatch against what is known of its target kernel.
// What a kernel's files do not tell is reported as missing input, never as
// passed.
func kernelRules() []*Rule {
	return []*Rule{
		klp301, klp302, klp303, klp304, klp305, klp306, klp307, klp308, klp309,
		klp310, klp311, klp312, klp313, klp314, klp315, klp316, klp317, klp319,
		klp321, klp322, klp323, klp324, klp325, klp326, klp330, klp331,
	}
}

// kernelOf returns the target as a loaded kernel. Rules that need no more than
// look-ups ask klp.Target instead.
func kernelOf(t klp.Target) (*kernel.Kernel, error) {
	switch k := t.(type) {
	case *kernel.Kernel:
		return k, nil
	case *kernel.Mismatch:
		return nil, &MissingInput{Needs: "the kernel of the module's release"}
	}
	return nil, &MissingInput{Needs: "a kernel that was loaded from files"}
}

// wanting gathers what rules miss, each thing once.
type wanting struct{ list []string }

func (w *wanting) add(what string) {
	if !slices.Contains(w.list, what) && len(w.list) < maxListed {
		w.list = append(w.list, what)
	}
}

// err is nil when nothing is missing.
func (w *wanting) err() error {
	if len(w.list) == 0 {
		return nil
	}
	return &MissingInput{Needs: strings.Join(w.list, "; ")}
}

// appliedFuncs calls f for every func that the kernel would look up: those
// with a name, of objects that it would ever patch.
func appliedFuncs(m *klp.Module, f func(*klp.Object, *klp.Func)) {
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		if o.Literal || o.Name == "" {
			continue // never applied: KLP105 says so
		}
		for j := range o.Funcs {
			if fn := &o.Funcs[j]; fn.Name != "" && !fn.NameNull {
				f(o, fn)
			}
		}
	}
}

// lookUps calls f for every func with the answer of the look-up, and notes
// objects whose symbols are not known.
func lookUps(m *klp.Module, t klp.Target, w *wanting, find func(object, name string, sympos uint64) klp.SymbolAnswer, f func(*klp.Object, *klp.Func, klp.SymbolAnswer)) {
	if _, none := t.(*kernel.Mismatch); none {
		w.add("the kernel of the module's release")
		return
	}
	appliedFuncs(m, func(o *klp.Object, fn *klp.Func) {
		a := find(o.Name, fn.Name, fn.Sympos)
		if a.Status == klp.SymbolUnknown {
			if a.Matches == 0 && !missingModule(t, o.Name) {
				w.add("symbols of " + names.Cut(o.Name))
			}
			return
		}
		f(o, fn, a)
	})
}

// missingModule reports whether the kernel proves that it has no such module,
// which is KLP309's finding and no lack of input.
func missingModule(t klp.Target, object string) bool {
	k, ok := t.(*kernel.Kernel)
	if !ok {
		return false
	}
	var none *kernel.NoSuchModule
	_, err := k.Object(object)
	return errors.As(err, &none)
}

// symbolAnswer is what the kernel does about a func that it cannot find or
// patch. A livepatch that is loaded before its target module loads; then it is
// the target that is refused.
func symbolAnswer(o *klp.Object, a klp.SymbolAnswer) *finding.Answer {
	answer := refused(a.Refusal.Errno, a.Refusal.Message)
	if o.Name != klp.VmlinuxObjectName {
		answer.Note = fmt.Sprintf("if %[1]s is not loaded, the livepatch loads, and loading %[1]s is refused later", names.Cut(o.Name))
	}
	return answer
}

// positionsOf lists the places of a name as related notes.
func positionsOf(t klp.Target, object, name string) []finding.Related {
	k, ok := t.(*kernel.Kernel)
	if !ok {
		return nil
	}
	o, err := k.Object(object)
	if err != nil {
		return nil
	}
	positions := o.Positions(name)
	related := make([]finding.Related, 0, min(len(positions), maxListed))
	for i := range positions[:min(len(positions), maxListed)] {
		related = append(related, finding.Related{Message: fmt.Sprintf("position %d: %s", i+1, describe(&positions[i]))})
	}
	if more := len(positions) - maxListed; more > 0 {
		related = append(related, finding.Related{Message: plural(more, "more position", "more positions")})
	}
	return related
}

// describe is one position in words.
func describe(p *kernel.Position) string {
	var b strings.Builder
	if p.HasAddr {
		fmt.Fprintf(&b, "at %#x", p.Addr)
	} else {
		b.WriteString("unknown address")
	}
	switch {
	case p.Exact:
		fmt.Fprintf(&b, ", %d bytes", p.Size)
	case p.Size > 0 && p.Size < 1<<32:
		fmt.Fprintf(&b, ", at most %d bytes", p.Size)
	}
	if p.File != "" {
		b.WriteString(", in " + names.Cut(p.File))
	}
	switch {
	case p.Init:
		b.WriteString(", init text")
	case p.Traceable == klp.No:
		b.WriteString(", not traceable")
	case p.Traceable == klp.Unknown:
		b.WriteString(", not known whether traceable")
	}
	return b.String()
}
