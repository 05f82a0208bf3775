package kerneltest

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Suite is a set of modules and the scenarios that use them.
type Suite struct {
	Kernel    string            `json:"kernel,omitempty"`
	Model     string            `json:"model,omitempty"`
	Modules   map[string]Module `json:"modules"`
	Scenarios []Scenario        `json:"scenarios"`
	Built     bool              `json:"-"` // the livepatches lie in the work folder already
	Hook      string            `json:"-"` // folder of kpatch's hook, for the modules that are Hooked
}

// Module describes one module to build. A nil pointer is the C NULL.
type Module struct {
	Name      string          `json:"name"`           // of the .ko; the key in Suite.Modules may differ
	Kind      string          `json:"kind,omitempty"` // "target": an ordinary module that livepatches patch
	Objects   *[]Object       `json:"-"`
	Targets   []string        `json:"-"` // funcs of a target module
	States    *[]State        `json:"states"`
	Replace   bool            `json:"replace"`
	Livepatch bool            `json:"livepatch"`
	License   string          `json:"license"`
	PatchNull bool            `json:"patch_null,omitempty"`
	ModNull   bool            `json:"mod_null,omitempty"`
	Enables   int             `json:"enables,omitempty"` // calls of klp_enable_patch(); 0 means 1, -1 none
	Mutate    []Mutation      `json:"mutate,omitempty"`  // changes to the built file
	Packed    string          `json:"packed,omitempty"`  // options of xz, which packs the file; "" for none
	C         string          `json:"-"`                 // its source, where none is written for the rest of the description
	RawObject json.RawMessage `json:"objects,omitempty"`
	RawFuncs  json.RawMessage `json:"funcs,omitempty"`

	// Hooked: kpatch's own hook makes the klp_patch at load, instead of a static table.
	Hooked bool `json:"-"`

	freed bool // its tables are gone once init has returned
}

// Object describes a struct klp_object.
type Object struct {
	Name      *string `json:"name"`
	Callbacks bool    `json:"callbacks"`
	Funcs     *[]Func `json:"funcs"`
}

// Func describes a struct klp_func.
type Func struct {
	Name    *string `json:"name"`
	Sympos  uint64  `json:"sympos"`
	NewNull bool    `json:"new_null"`
}

// State describes a struct klp_state.
type State struct {
	ID      uint64 `json:"id"`
	Version uint32 `json:"version"`
}

// Scenario is a sequence of steps on a freshly booted or cleaned kernel.
type Scenario struct {
	Name  string `json:"name"`
	Steps []Step `json:"steps"`
	// Calls: after each step the guest calls what the suite's livepatches patch.
	// What comes of that is for the test that asked, not for Predict and Compare.
	Calls bool `json:"-"`
}

// Step is one operation; what a kernel answered stands beside it.
type Step struct {
	Op     string `json:"op"`     // load, disable, unload; hold: load, and disable if the transition does not end; copy: a file of /proc or /sys
	Module string `json:"module"` // key of Suite.Modules
	Answer
}

// Answer is what a kernel did at one step.
type Answer struct {
	Errno    string            `json:"errno"` // OK, CRASH, STUCK or an errno's name
	Messages []string          `json:"messages"`
	Active   []string          `json:"active"` // names of the enabled livepatches, sorted
	Owners   map[string]string `json:"owners"` // "object:func" -> name of the livepatch whose code runs

	// Taint is /proc/sys/kernel/tainted after the step; asked for where Machine.Snapshot is set.
	Taint string `json:"taint,omitempty"`

	// Calls are the results of the calls of a scenario that makes them, by name.
	Calls map[string]string `json:"calls,omitempty"`
	Held  bool              `json:"held,omitempty"` // the transition of the op hold did not end

	Text []string `json:"text,omitempty"` // what the op copy read, line by line

	// luck: the kernel uses freed memory, and may crash or come through.
	luck bool
}

// LoadSuite reads a suite in the form of replace/testdata/verdicts.
func LoadSuite(path string) (*Suite, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := parseSuite(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func parseSuite(data []byte) (*Suite, error) {
	var s Suite
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, err
	}
	for key, m := range s.Modules {
		if err := m.decode(); err != nil {
			return nil, fmt.Errorf("module %s: %w", key, err)
		}
		s.Modules[key] = m
	}
	return &s, nil
}

// decode fills the fields whose JSON form depends on the kind of module.
func (m *Module) decode() error {
	if m.Kind == "target" {
		return json.Unmarshal(m.RawFuncs, &m.Targets)
	}
	if len(m.RawObject) == 0 {
		return nil
	}
	return json.Unmarshal(m.RawObject, &m.Objects)
}

// encoded fills the fields whose JSON form depends on the kind of module: the
// reverse of decode.
func (m Module) encoded() (Module, error) {
	var err error
	if m.Kind == "target" {
		m.RawFuncs, err = json.Marshal(m.Targets)
	} else {
		if m.Objects != nil && *m.Objects == nil {
			m.Objects = &[]Object{} // an array of none is not NULL
		}
		m.RawObject, err = json.Marshal(m.Objects)
	}
	if m.States != nil && *m.States == nil {
		m.States = &[]State{}
	}
	return m, err
}

// JSON is the suite in the form that LoadSuite reads, without answers: what is
// put into a file of testdata/found becomes part of Fixed.
func (s *Suite) JSON() ([]byte, error) {
	type step struct {
		Op     string `json:"op"`
		Module string `json:"module"`
	}
	type scenario struct {
		Name  string `json:"name"`
		Steps []step `json:"steps"`
	}
	plain := struct {
		Model     string            `json:"model,omitempty"`
		Modules   map[string]Module `json:"modules"`
		Scenarios []scenario        `json:"scenarios"`
	}{Model: s.Model, Modules: map[string]Module{}}
	for key, m := range s.Modules {
		var err error
		if plain.Modules[key], err = m.encoded(); err != nil {
			return nil, fmt.Errorf("module %s: %w", key, err)
		}
	}
	for _, from := range s.Scenarios {
		to := scenario{Name: from.Name}
		for _, st := range from.Steps {
			to.Steps = append(to.Steps, step{st.Op, st.Module})
		}
		plain.Scenarios = append(plain.Scenarios, to)
	}
	return json.MarshalIndent(plain, "", " ")
}

// sortScenarios orders by name, so that a suite written as a map is the same
// in every run.
func sortScenarios(list []Scenario) {
	slices.SortFunc(list, func(a, b Scenario) int { return strings.Compare(a.Name, b.Name) })
}
