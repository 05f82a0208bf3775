package replace

import (
	"fmt"

	"github.com/klplint/klplint/klp"
)

// enable gathers what the module's init function and klp_enable_patch() refuse
// (kernel/livepatch/core.c), in order, and returns how the model relates the
// active livepatches to the new one. n is the system with the new module loaded.
func (s *System) enable(f *findings, n *System, p *Livepatch, o LoadOptions) []Relation {
	relations := make([]Relation, len(s.active))
	ro := Options{ZeroSpecial: s.env.ZeroSpecial, Override: o.Override}
	for i, old := range s.active {
		relations[i] = s.model.Relate(p.Reading, old.Reading, ro)
	}
	ownInit(f, p.Module)
	s.checkPatch(f, p)
	s.compatible(f, p, relations)
	if at := readOnly(p.Module); at.Section != "" {
		f.add(refusal{crash: true, Refusal: klp.Refusal{Reason: fmt.Sprintf(
			"its tables are in %s, which is read-only, and klp_init_patch_early() writes to them", at.Section)}})
	}
	objs := n.initPatch(f, p, s.active, relations)
	n.patchObjects(f, p, objs)
	if p.Module.Init.Repeats {
		f.add(refusal{crash: true, Refusal: klp.Refusal{
			Reason: "init calls klp_enable_patch() twice with one struct klp_patch: the second call resets the entry that links it into the list of active livepatches, and walking that list never ends",
		}})
	}
	return relations
}

// readOnly returns the place of a static table that klp_enable_patch() cannot
// write to: its structs hold kobjects and list heads (klp_init_patch_early()).
func readOnly(m *klp.Module) klp.Location {
	if m.Toolchain != klp.Static {
		return klp.Location{}
	}
	places := []klp.Location{m.Patch.At}
	for i := range m.Patch.Objects {
		places = append(places, m.Patch.Objects[i].At)
		if len(m.Patch.Objects[i].Funcs) > 0 {
			places = append(places, m.Patch.Objects[i].FuncsAt)
		}
	}
	for _, at := range places {
		if s := m.SectionOf(at); s != nil && s.ReadOnly() {
			return at
		}
	}
	return klp.Location{}
}

// ownInit is what the toolchains' init code refuses before it calls
// klp_enable_patch().
func ownInit(f *findings, m *klp.Module) {
	switch m.Toolchain {
	case klp.KlpBuild: // scripts/livepatch/init.c
		if len(m.Patch.Objects) == 0 {
			f.refuse("EINVAL", ModuleName(m)+": nothing to patch!", "the module patches no object")
		}
	case klp.KpatchBuild: // kpatch's livepatch-patch-hook.c
		for i := range m.Patch.Objects {
			o := &m.Patch.Objects[i]
			seen := make(map[klp.CallbackKind]bool, 4)
			for _, c := range o.Callbacks {
				if seen[c.Kind] {
					f.refuse("EINVAL", "", fmt.Sprintf("object %s has two %s callbacks", o.Name, c.Kind))
				}
				seen[c.Kind] = true
			}
		}
	}
}

// checkPatch is the beginning of klp_enable_patch(); 7.3.4 has it in
// klp_check_patch(), where it also looks at every old_name.
func (s *System) checkPatch(f *findings, p *Livepatch) {
	m := p.Module
	for i := range m.Init.Enables {
		if m.Init.Enables[i].Arg == klp.ArgNull {
			f.refuse("EINVAL", "", "klp_enable_patch() is called with NULL")
			break
		}
	}
	if m.Patch.ModNull {
		f.refuse("EINVAL", "", "klp_patch.mod is NULL")
	}
	if m.Patch.ObjsNull {
		f.refuse("EINVAL", "", "klp_patch.objs is NULL")
	}
	for i := range m.Patch.Objects {
		if m.Patch.Objects[i].FuncsNull {
			f.refuse("EINVAL", "", fmt.Sprintf("klp_object.funcs of object %s is NULL", p.objects[i].display()))
		}
	}
	if s.env.Behaviour.NullNameCrashes == klp.No {
		for i := range p.objects {
			for j := range p.objects[i].funcs {
				if p.objects[i].funcs[j].null {
					f.refuse("EINVAL", "", nullName(&p.objects[i], j))
				}
			}
		}
	}
	if m.Modinfo.Present && !m.Modinfo.Has("livepatch") {
		f.refuse("EINVAL", fmt.Sprintf("module %s is not marked as a livepatch module", p.Name), ".modinfo has no livepatch entry")
	}
}

func nullName(o *object, at int) string {
	return fmt.Sprintf("func %d of object %s has a NULL old_name", at+1, o.display())
}
