package kerneltest

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/klp"
)

// Prebuilt makes a suite of the livepatches of one kernel release that lie
// under a folder, such as the fixtures: each is loaded alone, disabled and
// unloaded. The .ko files are copied to work as KEY.ko. Modules of the
// proposed forms of struct klp_patch and compressed files are left out: the
// guest's kernel knows neither.
func Prebuilt(root, release, work string) (*Suite, error) {
	s := &Suite{Model: "mainline", Modules: map[string]Module{}, Built: true}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".ko") {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if strings.HasPrefix(relative, "sets/") || strings.HasPrefix(relative, "worked-example/") {
			return nil
		}
		m, err := elfread.Open(path, elfread.Options{})
		if err != nil || m.Kind != klp.KindLivepatch || m.Arch != klp.X86_64 || m.Vermagic.Release != release {
			return nil // not a module that this kernel could be asked about
		}
		if depends, _ := m.Modinfo.Get("depends"); depends != "" {
			return nil // the guest has no modules but these
		}
		key := strings.NewReplacer("/", "+", ",", "_").Replace(strings.TrimSuffix(relative, ".ko"))
		name := m.Name
		if name == "" {
			name = key
		}
		s.Modules[key] = Module{Name: name, Livepatch: true}
		s.alone(key)
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(work, key+".ko"), data, 0o644)
	})
	if err != nil {
		return nil, err
	}
	sortScenarios(s.Scenarios)
	return s, nil
}
