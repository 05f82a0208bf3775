package policy

import (
	"fmt"
	"strconv"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/cmd/klplint/internal/manifest"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/rules"
)

// maxDifferences bounds what KLP580 reports of one module.
const maxDifferences = 100

// klp580 compares modules with a manifest. Without one it is off.
func klp580(expected *manifest.Manifest) *rules.Rule {
	return rules.NewModuleRule(&rules.Rule{
		Severity:   finding.Error,
		Since:      "0.1",
		Tags:       []string{"policy", "expect"},
		NonDefault: expected == nil,
		Analyzer: &analysis.Analyzer{
			Name: "KLP580",
			Doc: `module is not what the manifest says

The manifest (--expect) lists the funcs that a livepatch is meant to patch and,
in its JSON form, its states and its replace field. A func too many means that
more was rebuilt than was asked for, a missing one that the fix is not in the
module: both load without a word. Funcs are compared by object, name and
max(1, sympos), as the kernel tells them apart
(kernel/livepatch/core.c: klp_find_func). A line with a condition (#if) may be
missing. The rule runs only where --expect names a manifest.

Fix: rebuild the module from the right source; where the manifest is outdated,
write a new one with klplint dump --format manifest and have it reviewed.`,
		},
	}, func(m *klp.Module) ([]finding.Finding, error) {
		if expected == nil {
			return nil, &rules.MissingInput{Needs: "a manifest (--expect)"}
		}
		return compare(m, expected), nil
	})
}

func compare(m *klp.Module, expected *manifest.Manifest) []finding.Finding {
	want := expected.For(m.Name)
	if want == nil {
		return []finding.Finding{{Message: "the manifest has no module " + cut(m.Name)}}
	}
	var d differences
	d.funcs(m, want)
	if want.HasStates {
		d.states(m, want)
	}
	if want.Replace != nil {
		d.replace(m, want.Replace)
	}
	if d.more > 0 {
		d.list[len(d.list)-1].Message += fmt.Sprintf("; %d more differences are not shown", d.more)
	}
	return d.list
}

// differences gathers findings up to maxDifferences and counts the rest.
type differences struct {
	list []finding.Finding
	more int
}

func (d *differences) add(f finding.Finding) {
	if len(d.list) >= maxDifferences {
		d.more++
		return
	}
	d.list = append(d.list, f)
}

func (d *differences) funcs(m *klp.Module, want *manifest.Module) {
	type key struct {
		object, name string
		position     uint64
	}
	wanted := make(map[key]*manifest.Func, len(want.Funcs))
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
				d.add(finding.Finding{
					Message: "the manifest does not have func " + funcName(f.Name, f.Sympos) + " of " + cut(o.Name),
					Object:  o.Name, Func: funcName(f.Name, f.Sympos), Location: f.At,
				})
			case w.New != "" && f.New.Symbol != w.New:
				d.add(finding.Finding{
					Message: fmt.Sprintf("func %s of %s is replaced by %s, the manifest says %s",
						funcName(f.Name, f.Sympos), cut(o.Name), symbol(f.New.Symbol), cut(w.New)),
					Object: o.Name, Func: funcName(f.Name, f.Sympos), Location: f.At,
				})
			}
		}
	}
	for i := range want.Funcs {
		f := &want.Funcs[i]
		if f.Conditional || have[key{f.Object, f.Name, f.Position()}] {
			continue
		}
		d.add(finding.Finding{
			Message: "func " + funcName(f.Name, f.Sympos) + " of " + cut(f.Object) + ", which the manifest has, is not patched",
			Object:  f.Object, Func: funcName(f.Name, f.Sympos), Location: m.Patch.At,
		})
	}
}

func (d *differences) states(m *klp.Module, want *manifest.Module) {
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
			d.add(finding.Finding{Message: fmt.Sprintf("state %d, which the manifest has, is missing", w.ID), Location: m.Patch.At})
		case s.Version != w.Version:
			d.add(finding.Finding{Message: fmt.Sprintf("state %d has version %d, the manifest says %d", w.ID, s.Version, w.Version), Location: s.At})
		}
	}
	for _, s := range m.Patch.States {
		if !wanted[s.ID] {
			d.add(finding.Finding{Message: fmt.Sprintf("the manifest does not have state %d", s.ID), Location: s.At})
		}
	}
}

func (d *differences) replace(m *klp.Module, want *manifest.Replace) {
	have := manifest.ReplaceOf(&m.Replace)
	if !have.Equal(want) {
		d.add(finding.Finding{Message: "the module has " + have.String() + ", the manifest says " + want.String(), Location: m.Replace.At})
	}
}

func funcName(name string, sympos uint64) string {
	name = cut(name)
	if sympos > 1 {
		name += "," + strconv.FormatUint(sympos, 10)
	}
	return name
}

// cut shortens a name that a hostile module has made long; "" is said so.
func cut(s string) string {
	const limit = 256
	switch {
	case s == "":
		return `""`
	case len(s) > limit:
		return s[:limit] + "..."
	}
	return s
}

func symbol(s string) string {
	if s == "" {
		return "no symbol"
	}
	return cut(s)
}
