package main

import (
	"os"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progressDelay is how long work may take before a bar is shown.
const progressDelay = time.Second

// progress shows a bar on stderr when that is a terminal and the work takes
// longer than a moment. Its methods are called by one goroutine at a time.
type progress struct {
	what      string
	output    *os.File // nil when no bar may be shown
	begin     time.Time
	container *mpb.Progress
	bar       *mpb.Bar
}

func (a *app) newProgress(what string) *progress {
	p := &progress{what: what, begin: time.Now()}
	if f, ok := a.stderr.(*os.File); ok && !a.common.quiet && isTerminal(f) && a.getenv("TERM") != "dumb" {
		p.output = f
	}
	return p
}

// update says that done of total are done.
func (p *progress) update(done, total int) {
	if p.output == nil {
		return
	}
	if p.bar == nil {
		if time.Since(p.begin) < progressDelay {
			return
		}
		p.container = mpb.New(mpb.WithOutput(p.output), mpb.WithAutoRefresh())
		p.bar = p.container.New(int64(total), mpb.BarStyle(),
			mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.CountersNoUnit("%d / %d "+p.what)),
			mpb.AppendDecorators(decor.AverageETA(decor.ET_STYLE_GO)))
	}
	p.bar.SetCurrent(int64(done))
}

// stop removes the bar.
func (p *progress) stop() {
	if p.bar == nil {
		return
	}
	p.bar.Abort(true)
	p.container.Wait()
}
