package kerneltest

import (
	"fmt"
	"io/fs"
	"strings"
)

// AddFound adds the scenarios of a folder such as testdata/found: scenarios that
// once disagreed, as Minimise leaves them. Keys of modules get the file's name in
// front, since files know nothing of each other; the modules keep their names.
func (s *Suite) AddFound(folder fs.FS) error {
	files, err := fs.Glob(folder, "*.json")
	if err != nil {
		return err
	}
	for _, file := range files {
		data, err := fs.ReadFile(folder, file)
		if err != nil {
			return err
		}
		from, err := parseSuite(data)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		prefix := "found_" + strings.TrimSuffix(file, ".json") + "_"
		for key, m := range from.Modules {
			s.Modules[prefix+key] = m
		}
		for _, scenario := range from.Scenarios {
			scenario.Name = prefix + scenario.Name
			for i := range scenario.Steps {
				key := prefix + scenario.Steps[i].Module
				if _, known := s.Modules[key]; !known {
					return fmt.Errorf("%s: there is no module %s", file, scenario.Steps[i].Module)
				}
				scenario.Steps[i].Module = key
			}
			s.Scenarios = append(s.Scenarios, scenario)
		}
	}
	sortScenarios(s.Scenarios)
	return nil
}
