package kerneltest

import (
	"encoding/json"
	"fmt"
)

// bundle makes one suite of many trials. Modules that are alike in several of
// them are built once; the others get a key of their own and keep their name,
// which the kernel's answer may depend on.
func bundle(like *Suite, trials []trial) (*Suite, error) {
	suite := &Suite{Model: like.Model, Modules: map[string]Module{}}
	keys := map[string]string{} // description -> key
	for i, t := range trials {
		scenario := Scenario{Name: fmt.Sprintf("trial_%d", i)}
		for _, step := range t.steps {
			m := t.modules[step.Module]
			description, err := m.description()
			if err != nil {
				return nil, fmt.Errorf("module %s: %w", step.Module, err)
			}
			description = step.Module + " " + description
			key, known := keys[description]
			if !known {
				key = fmt.Sprintf("%s_v%d", step.Module, len(keys))
				keys[description] = key
				suite.Modules[key] = m
			}
			scenario.Steps = append(scenario.Steps, Step{Op: step.Op, Module: key})
		}
		suite.Scenarios = append(suite.Scenarios, scenario)
	}
	return suite, nil
}

// suite is the trial alone, under the keys that it came with.
func (t trial) suite(like *Suite, name string) *Suite {
	return &Suite{Model: like.Model, Modules: t.modules, Scenarios: []Scenario{{Name: name, Steps: t.steps}}}
}

// description tells modules apart that are built differently.
func (m Module) description() (string, error) {
	encoded, err := m.encoded()
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(encoded)
	return string(text), err
}
