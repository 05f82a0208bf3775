package kerneltest

import (
	"slices"
	"testing"
	"testing/fstest"
)

// TestAddFound: a scenario that was printed by one run is asked about in the next.
func TestAddFound(t *testing.T) {
	text, err := busySuite().JSON()
	if err != nil {
		t.Fatal(err)
	}
	suite := &Suite{Modules: map[string]Module{}}
	folder := fstest.MapFS{"one.json": {Data: text}, "two.json": {Data: text}, "README.md": {Data: []byte("text")}}
	if err := suite.AddFound(folder); err != nil {
		t.Fatal(err)
	}
	if len(suite.Scenarios) != 4 || len(suite.Modules) != 14 {
		t.Errorf("%d scenarios with %d modules, want those of two files", len(suite.Scenarios), len(suite.Modules))
	}
	at := slices.IndexFunc(suite.Scenarios, func(s Scenario) bool { return s.Name == "found_two_busy" })
	if at < 0 {
		t.Fatal("found_two_busy is missing")
	}
	for _, step := range suite.Scenarios[at].Steps {
		if suite.Modules[step.Module].Name == "" {
			t.Errorf("step names module %s, which is not there", step.Module)
		}
	}
}

func TestAddFoundErrors(t *testing.T) {
	for _, text := range []string{"", "{", `{"modules":{"a":{"objects":7}}}`, `{"modules":{},"scenarios":[{"name":"s","steps":[{"op":"load","module":"a"}]}]}`} {
		suite := &Suite{Modules: map[string]Module{}}
		if err := suite.AddFound(fstest.MapFS{"a.json": {Data: []byte(text)}}); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
