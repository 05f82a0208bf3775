package kerneltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Probe asks a kernel about the scenarios of a suite, in at most so many
// boots, and returns where its answers differ from klplint's and how many boots
// that took. Where boots or time end too early it returns what it knows with
// ErrBudget.
type Probe func(ctx context.Context, suite *Suite, boots int) (list []Disagreement, used int, err error)

// ErrBudget is the end of the boots or of the time that a Probe was given.
var ErrBudget = errors.New("budget is used up")

// Budget bounds a search for a smaller scenario.
type Budget struct {
	Boots int           // of the kernel, in all
	Time  time.Duration // for the search as a whole
	Batch int           // trials that one boot is asked about
}

// DefaultBudget suits a disagreement in CI: a boot under emulation takes about
// half a minute, and a batch of trials hardly more.
var DefaultBudget = Budget{Boots: 24, Time: 12 * time.Minute, Batch: 24}

// maxLostBatch is the number of trials asked at once where each that shows the
// disagreement costs a boot of its own.
const maxLostBatch = 6

// Minimised is the smallest scenario known to show a disagreement.
type Minimised struct {
	Suite        *Suite // the scenario and its modules, alone
	Disagreement Disagreement
	Repeated     bool // the kernel showed it again, outside its suite
	Complete     bool // nothing more can be taken away; else the budget ended
	Boots        int
}

// Minimise searches for the smallest scenario that shows a disagreement of a
// suite, by delta debugging (A. Zeller, R. Hildebrandt, Simplifying and
// Isolating Failure-Inducing Input): first steps and modules with all their
// steps, then what the modules hold, with steps again. A boot costs far more
// than a step, so that each is asked about many trials: about every part of
// the scenario singly, and then about all at once that can singly be missed.
//
// Only a disagreement of the same kind counts: the operation and both errnos
// must be those of the first.
func Minimise(ctx context.Context, suite *Suite, d Disagreement, ask Probe, budget Budget) (*Minimised, error) {
	i := slices.IndexFunc(suite.Scenarios, func(s Scenario) bool { return s.Name == d.Scenario })
	if i < 0 {
		return nil, fmt.Errorf("scenario %s is not in the suite", d.Scenario)
	}
	if d.Observed.lost() {
		budget.Batch = min(budget.Batch, maxLostBatch)
	}
	ctx, cancel := context.WithTimeout(ctx, budget.Time)
	defer cancel()
	s := search{
		suite: suite, ask: ask, budget: budget, kind: kindOf(d),
		best: newTrial(suite, suite.Scenarios[i], d.Step), shown: d,
	}
	err := s.run(ctx)
	result := &Minimised{
		Suite: s.best.suite(suite, d.Scenario), Disagreement: s.shown,
		Repeated: s.repeated, Complete: err == nil && s.repeated, Boots: s.boots,
	}
	result.Disagreement.Scenario = d.Scenario
	if errors.Is(err, ErrBudget) || ctx.Err() != nil {
		err = nil
	}
	return result, err
}

// search is the state of one Minimise.
type search struct {
	suite    *Suite
	ask      Probe
	budget   Budget
	kind     disagreementKind
	best     trial
	shown    Disagreement // what the kernel said of best
	repeated bool
	boots    int
}

func (s *search) run(ctx context.Context) error {
	d, err := s.probe(ctx, []trial{s.best})
	s.repeated = d[0] != nil
	if err != nil || !s.repeated {
		return err
	}
	s.take(s.best, d[0])
	for _, parts := range []func(trial) []part{trial.sequenceParts, trial.allParts} {
		if err := s.reduce(ctx, parts); err != nil {
			return err
		}
	}
	return nil
}

// reduce takes parts away until none can be: groups of them first, and smaller
// groups where no group can be missed.
func (s *search) reduce(ctx context.Context, list func(trial) []part) error {
	groups := max(s.budget.Batch, 2)
	for {
		from, parts := s.best, list(s.best)
		if len(parts) == 0 {
			return nil
		}
		groups = min(groups, len(parts))
		spared, err := s.spare(ctx, from, split(parts, groups))
		if err != nil {
			return err
		}
		switch {
		case len(spared) > 1:
			if err := s.together(ctx, from, spared); err != nil {
				return err
			}
		case len(spared) == 0 && groups == len(parts):
			return nil
		case len(spared) == 0:
			groups *= 2
		}
	}
}

// spare returns the groups of which each can be missed while all others stay.
func (s *search) spare(ctx context.Context, from trial, groups [][]part) ([][]part, error) {
	var spared [][]part
	for batch := range slices.Chunk(groups, max(s.budget.Batch, 1)) {
		trials := make([]trial, len(batch))
		for i, group := range batch {
			trials[i] = from.without(group)
		}
		shown, err := s.probe(ctx, trials)
		for i, d := range shown {
			if d == nil {
				continue
			}
			if len(spared) == 0 {
				s.take(trials[i], d)
			}
			spared = append(spared, batch[i])
		}
		if err != nil {
			return nil, err
		}
	}
	return spared, nil
}

// together takes as many of the groups away at once as can be, in their order.
// Most are independent of each other, so that all of them usually can.
func (s *search) together(ctx context.Context, from trial, spared [][]part) error {
	var trials []trial
	for n := len(spared); n > 1 && len(trials) < max(s.budget.Batch, 1); n-- {
		trials = append(trials, from.without(slices.Concat(spared[:n]...)))
	}
	shown, err := s.probe(ctx, trials)
	for i, d := range shown {
		if d != nil {
			s.take(trials[i], d)
			break
		}
	}
	return err
}

// probe asks about trials, and says of each where it shows the disagreement.
func (s *search) probe(ctx context.Context, trials []trial) ([]*Disagreement, error) {
	shown := make([]*Disagreement, len(trials))
	if s.boots >= s.budget.Boots || ctx.Err() != nil {
		return shown, ErrBudget
	}
	suite, err := bundle(s.suite, trials)
	if err != nil {
		return shown, err
	}
	list, used, err := s.ask(ctx, suite, s.budget.Boots-s.boots)
	s.boots += used
	for i := range list {
		at := slices.IndexFunc(suite.Scenarios, func(of Scenario) bool { return of.Name == list[i].Scenario })
		if at >= 0 && kindOf(list[i]) == s.kind {
			shown[at] = &list[i]
		}
	}
	return shown, err
}

// take makes a trial the best one. Steps behind the disagreement are not needed.
func (s *search) take(t trial, d *Disagreement) {
	t.steps = t.steps[:d.Step+1]
	s.best, s.shown = t.without(nil), *d // without drops the modules that no step names
	s.shown.Module = t.steps[d.Step].Module
}

// split cuts a list into n pieces of neighbours: parts of one module stand together.
func split(parts []part, n int) [][]part {
	groups := make([][]part, n)
	for i := range n {
		groups[i] = parts[i*len(parts)/n : (i+1)*len(parts)/n]
	}
	return groups
}

// disagreementKind is what must stay the same while a scenario shrinks, or the
// search would slip from one fault to another.
type disagreementKind struct {
	op, predicted, observed string
	active                  bool // the lists of active livepatches differ
}

func kindOf(d Disagreement) disagreementKind {
	return disagreementKind{
		op: d.Op, predicted: d.Predicted.Errno, observed: d.Observed.Errno,
		active: d.Predicted.Errno == d.Observed.Errno && !slices.Equal(d.Predicted.Active, d.Observed.Active),
	}
}
