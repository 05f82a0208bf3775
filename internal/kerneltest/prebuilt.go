package kerneltest

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/klp"
)

// Prebuilt makes a suite of the livepatches of one kernel release that lie
// under a folder, such as the fixtures: each is loaded alone, disabled and
// unloaded, and pairs that concern each other are loaded in both orders. The .ko
// files are copied to work as KEY.ko. Modules of the proposed forms of struct
// klp_patch and compressed files are left out: the guest's kernel knows neither.
//
// Those with relocations that wait for ext4 are loaded beside standIn too, before
// and behind it.
func Prebuilt(root, release, work string) (*Suite, error) {
	s := &Suite{Model: "mainline", Modules: map[string]Module{standIn.Name: standIn}, Built: true}
	return s, s.addPrebuilt(root, release, work, "")
}

// standIn answers for the kernel's own ext4, which needs other modules and a
// disk: it has the funcs that fixtures patch and call, and does nothing.
var standIn = Module{Name: "ext4", Kind: "target", Targets: []string{"ext4_freeze", "__ext4_msg"}}

// addPrebuilt adds the modules under a folder, whose keys begin with prefix.
func (s *Suite) addPrebuilt(root, release, work, prefix string) error {
	added := map[string]string{} // path below root -> key
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".ko") {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if forReading(relative) {
			return nil
		}
		m, err := elfread.Open(path, elfread.Options{})
		if err != nil || m.Kind != klp.KindLivepatch || m.Arch != klp.X86_64 || m.Vermagic.Release != release {
			return nil // not a module that this kernel could be asked about
		}
		if depends, _ := m.Modinfo.Get("depends"); depends != "" {
			return nil // the guest has no modules but these
		}
		key := prefix + strings.NewReplacer("/", "+", ",", "_").Replace(strings.TrimSuffix(relative, ".ko"))
		name := m.StructName // by which the kernel knows it
		if name == "" {
			name = key
		}
		s.Modules[key] = Module{Name: name, Livepatch: true}
		added[relative] = key
		s.alone(key)
		if m.Toolchain == klp.Static && strings.HasPrefix(m.Patch.At.Section, ".init.") {
			// Its tables are gone when the next module makes the kernel look.
			s.scenario("then_ext4_"+key, "load "+key, "load ext4")
		}
		if relocates(m, &standIn) {
			s.scenario("with_ext4_"+key, "load ext4", "load "+key, "disable "+key, "unload "+key)
			s.scenario("then_ext4_"+key, "load "+key, "load ext4", "disable "+key, "load ext4")
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(work, key+".ko"), data, 0o644)
	})
	s.addPairs(added)
	sortScenarios(s.Scenarios)
	return err
}

// relocates reports whether a livepatch has livepatch relocations that wait for
// the target, and patches only funcs that the target has.
func relocates(m *klp.Module, target *Module) bool {
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		for j := range o.Funcs {
			if o.Name == target.Name && !slices.Contains(target.Targets, o.Funcs[j].Name) {
				return false
			}
		}
	}
	return slices.ContainsFunc(m.KlpRelas, func(r klp.KlpRela) bool { return r.Object == target.Name })
}
