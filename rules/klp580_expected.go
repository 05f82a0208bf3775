package rules

import (
	"fmt"
	"strconv"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

// Expected is what one module is meant to contain.
type Expected struct {
	Funcs []ExpectedFunc
	// HasStates: States says all states, and that there are none where it is empty.
	HasStates bool
	States    []klp.State  // id and version count
	Replace   *klp.Replace // what the field holds, not where; nil where nothing is laid down
}

// ExpectedFunc is one func of one object.
type ExpectedFunc struct {
	Object, Name string
	Sympos       uint64
	New          string // the replacement's symbol; "" where nothing is laid down
	// Conditional: whether it is there hangs on a configuration (#if).
	Conditional bool
}

// Position is max(1, sympos), as klp.Func has it.
func (f *ExpectedFunc) Position() uint64 { return max(1, f.Sympos) }

// klp580 compares modules with what expected returns for their names, nil for a
// module that nothing is laid down for. It is off where expected is nil.
func klp580(expected func(module string) *Expected) *Rule {
	return NewModuleRule(&Rule{
		Severity:   finding.Error,
		Since:      "0.1",
		Tags:       []string{"policy", "expect"},
		NonDefault: expected == nil,
		Analyzer: &analysis.Analyzer{
			Name: "KLP580",
			Doc: `module does not match the manifest

The manifest (--expect) lists the funcs that a livepatch is meant to patch and, in
its JSON form, its states and its replace field. An extra func means that more was
rebuilt than intended, a missing one that the fix is not in the module: the kernel
notices neither. Funcs are compared by object, name and max(1, sympos), as the
kernel distinguishes them (kernel/livepatch/core.c: klp_find_func). A line with a
condition (#if) may be missing. The rule runs only where --expect names a manifest.

Fix: rebuild the module from the right source; where the manifest is outdated,
write a new one with klplint dump --format manifest and have it reviewed.`,
		},
	}, func(m *klp.Module) ([]finding.Finding, error) {
		if expected == nil {
			return nil, &MissingInput{Needs: "a manifest (--expect)"}
		}
		return differences(m, expected(m.Name)), nil
	})
}

func differences(m *klp.Module, want *Expected) []finding.Finding {
	if want == nil {
		return []finding.Finding{{Message: "the manifest does not list module " + orEmpty(names.Cut(m.Name))}}
	}
	var c collector
	compareFuncs(&c, m, want)
	if want.HasStates {
		compareStates(&c, m, want)
	}
	if want.Replace != nil {
		if have, want := fieldContent(&m.Replace), fieldContent(want.Replace); have != want {
			c.add(finding.Finding{Message: "the module has " + have + ", the manifest says " + want, Location: m.Replace.At})
		}
	}
	return c.findings()
}

func compareFuncs(c *collector, m *klp.Module, want *Expected) {
	type key struct {
		object, name string
		position     uint64
	}
	wanted := make(map[key]*ExpectedFunc, len(want.Funcs))
	for i := range want.Funcs {
		f := &want.Funcs[i]
		wanted[key{f.Object, f.Name, f.Position()}] = f
	}
	have := make(map[key]bool)
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		for j := range o.Funcs {
			f := &o.Funcs[j]
			k := key{o.Name, f.Name, f.Position()}
			have[k] = true
			w := wanted[k]
			switch {
			case w == nil:
				c.add(finding.Finding{
					Message: "func " + expectedName(f.Name, f.Sympos) + " of " + orEmpty(names.Cut(o.Name)) + " is not in the manifest",
					Object:  o.Name, Func: expectedName(f.Name, f.Sympos), Location: f.At,
				})
			case w.New != "" && f.New.Symbol != w.New:
				c.add(finding.Finding{
					Message: fmt.Sprintf("func %s of %s is replaced by %s, the manifest says %s",
						expectedName(f.Name, f.Sympos), orEmpty(names.Cut(o.Name)), symbolOrNone(f.New.Symbol), names.Cut(w.New)),
					Object: o.Name, Func: expectedName(f.Name, f.Sympos), Location: f.At,
				})
			}
		}
	}
	for i := range want.Funcs {
		f := &want.Funcs[i]
		if f.Conditional || have[key{f.Object, f.Name, f.Position()}] {
			continue
		}
		c.add(finding.Finding{
			Message: "func " + expectedName(f.Name, f.Sympos) + " of " + names.Cut(f.Object) + " is in the manifest but is not patched",
			Object:  f.Object, Func: expectedName(f.Name, f.Sympos), Location: m.Patch.At,
		})
	}
}

func compareStates(c *collector, m *klp.Module, want *Expected) {
	have := make(map[uint64]*klp.State, len(m.Patch.States))
	for i := range m.Patch.States {
		s := &m.Patch.States[i]
		have[s.ID] = s
	}
	wanted := make(map[uint64]bool, len(want.States))
	for _, w := range want.States {
		wanted[w.ID] = true
		switch s := have[w.ID]; {
		case s == nil:
			c.add(finding.Finding{Message: fmt.Sprintf("state %d is in the manifest but not in the module", w.ID), Location: m.Patch.At})
		case s.Version != w.Version:
			c.add(finding.Finding{Message: fmt.Sprintf("state %d has version %d, the manifest says %d", w.ID, s.Version, w.Version), Location: s.At})
		}
	}
	for _, s := range m.Patch.States {
		if !wanted[s.ID] {
			c.add(finding.Finding{Message: fmt.Sprintf("state %d is not in the manifest", s.ID), Location: s.At})
		}
	}
}

// fieldContent is what a replace field holds, in the form in which plans write it.
func fieldContent(r *klp.Replace) string {
	switch {
	case r.Source == klp.FromRuntime:
		return "replace decided at run time"
	case r.Kind == klp.KindFlag:
		return "replace: " + strconv.FormatBool(r.Flag)
	case r.Kind == klp.KindSet && len(r.Supersedes) > 0:
		return fmt.Sprintf("replace_set: %d, supersedes: %s", r.Set, setList(r.Supersedes))
	case r.Kind == klp.KindSet:
		return fmt.Sprintf("replace_set: %d", r.Set)
	case r.Kind == klp.KindSets:
		return "replace_sets: " + setList(r.Sets)
	}
	return "replace unknown"
}

// setList is "[1, 2]".
func setList(list []uint32) string {
	b := []byte{'['}
	for i, n := range list {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendUint(b, uint64(n), 10)
	}
	return string(append(b, ']'))
}

// expectedName names a func of a module or a manifest in a message.
func expectedName(name string, sympos uint64) string {
	name = orEmpty(names.Cut(name))
	if sympos > 1 {
		name += "," + strconv.FormatUint(sympos, 10)
	}
	return name
}

// orEmpty says "" of a name that is empty.
func orEmpty(s string) string {
	if s == "" {
		return `""`
	}
	return s
}

func symbolOrNone(s string) string {
	if s == "" {
		return "no symbol"
	}
	return names.Cut(s)
}
