package main

import (
	"fmt"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/rules"
)

// ownTeam is a rule over all modules of one kernel: it asks who replaces whom.
// A candidate meets each livepatch that was built before.
var ownTeam = rules.NewSetRule(&rules.Rule{
	Severity: finding.Error,
	Since:    "1",
	Tags:     []string{"ops"},
	Analyzer: &analysis.Analyzer{
		Name: "OPS002",
		Doc: `livepatch replaces one of another team

A module's name starts with the team that ships it.

Fix: build without replace, or ask the other team.`,
	},
}, func(s *moduleset.Set) ([]finding.Finding, error) {
	if !s.Judged() {
		return nil, &rules.MissingInput{Needs: s.Problem()}
	}
	var findings []finding.Finding
	for _, next := range s.Candidates() {
		for _, active := range s.Members {
			if !active.Baseline || team(next) == team(active) || !s.Evicts(next, active) {
				continue
			}
			findings = append(findings, finding.Finding{
				Module:   next.Path,
				Location: next.Replace.At,
				Message:  fmt.Sprintf("%s of team %s replaces %s of team %s", next.Name, team(next), active.Name, team(active)),
				Related:  []finding.Related{{Module: active.Path, Message: "is replaced", Location: active.Replace.At}},
			})
		}
	}
	return findings, nil
})

func team(m *moduleset.Member) string {
	team, _, _ := strings.Cut(m.Name, "_")
	return team
}
