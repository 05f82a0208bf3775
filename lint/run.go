package lint

import (
	"context"
	"runtime"
	"slices"
	"sync"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/rules"
)

// Run judges every input and returns what was found. What could not be read or
// checked is in Result.Errors; the error is for a configuration that makes no
// sense, and for the end of ctx, which ends the run at once: modules that are
// being read at that moment are finished in the background and forgotten.
func Run(ctx context.Context, c Config) (*Result, error) {
	j, err := newJob(c)
	if err != nil {
		return nil, err
	}
	results := make(chan *Result, 1)
	go func() { results <- j.run(ctx) }()
	select {
	case result := <-results:
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return result, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func newJob(c Config) (*job, error) {
	if c.Rules == nil {
		c.Rules = rules.All()
	}
	chosen, err := rules.Select(c.Rules, c.Enable, c.Disable)
	if err != nil {
		return nil, err
	}
	s, err := newSchedule(chosen)
	if err != nil {
		return nil, err
	}
	if c.ModuleRulesOnly {
		s.set = nil
	}
	if c.Jobs < 1 {
		c.Jobs = runtime.GOMAXPROCS(0)
	}
	c.Options.Types = c.Target != nil && slices.ContainsFunc(chosen, func(r *rules.Rule) bool { return r.Types })
	if c.newReader == nil {
		c.newReader = func() reader { return elfread.NewReader(c.Options) }
	}
	j := &job{config: c, schedule: s, sources: c.Inputs}
	if len(s.set) > 0 {
		j.sources = make([]Source, 0, len(c.Inputs)+len(c.Baseline))
		j.sources = append(append(j.sources, c.Inputs...), c.Baseline...)
		j.keepRows = len(j.sources) > 1
	}
	j.outcomes = make([]outcome, len(j.sources))
	j.open = make(map[string]*Source)
	for i := range j.sources {
		if s := &j.sources[i]; s.Content != nil {
			j.open[s.Path] = s
		}
	}
	return j, nil
}

func (j *job) run(ctx context.Context) *Result {
	var workers sync.WaitGroup
	for range min(j.config.Jobs, len(j.sources)) {
		workers.Go(func() { j.work(ctx) })
	}
	workers.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return j.gather(j.sets(ctx))
}
