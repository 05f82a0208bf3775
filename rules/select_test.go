package rules

import (
	"slices"
	"testing"
)

func TestSelect(t *testing.T) {
	rule := func(id string, nonDefault bool, tags ...string) *Rule {
		r := *klp101
		a := *klp101.Analyzer
		a.Name = id
		r.Analyzer, r.NonDefault, r.Tags = &a, nonDefault, tags
		return &r
	}
	all := []*Rule{
		rule("KLP101", false, "load"),
		rule("KLP102", false, "load", "crash"),
		rule("KLP201", false),
		rule("KLP505", true, "hygiene"),
	}
	tests := []struct {
		name            string
		enable, disable []string
		want            []string
		wantErr         bool
	}{
		{name: "defaults", want: []string{"KLP101", "KLP102", "KLP201"}},
		{name: "enable by ID", enable: []string{"KLP505"}, want: []string{"KLP101", "KLP102", "KLP201", "KLP505"}},
		{name: "enable by tag", enable: []string{"hygiene"}, want: []string{"KLP101", "KLP102", "KLP201", "KLP505"}},
		{name: "enable by glob", enable: []string{"KLP5*"}, want: []string{"KLP101", "KLP102", "KLP201", "KLP505"}},
		{name: "disable by glob", disable: []string{"KLP1*"}, want: []string{"KLP201"}},
		{name: "disable by tag", disable: []string{"crash"}, want: []string{"KLP101", "KLP201"}},
		{name: "disable wins", enable: []string{"KLP505"}, disable: []string{"KLP505"}, want: []string{"KLP101", "KLP102", "KLP201"}},
		{name: "disable all", disable: []string{"*"}, want: []string{}},
		{name: "unknown ID", disable: []string{"KLP999"}, wantErr: true},
		{name: "unknown in enable", enable: []string{"nosuchtag"}, wantErr: true},
		{name: "bad glob", enable: []string{"KLP[1"}, wantErr: true},
		{name: "lower case is another word", disable: []string{"klp101"}, wantErr: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Select(all, test.enable, test.disable)
			if (err != nil) != test.wantErr {
				t.Fatalf("error %v, want one: %v", err, test.wantErr)
			}
			if err != nil {
				return
			}
			ids := []string{}
			for _, r := range got {
				ids = append(ids, r.ID())
			}
			if !slices.Equal(ids, test.want) {
				t.Errorf("chose %v, want %v", ids, test.want)
			}
		})
	}
}
