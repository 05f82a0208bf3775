package lint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/rules"
)

// setOutcome is what became of one group of modules.
type setOutcome struct {
	candidates []string // paths
	judgement  judgement
	// alone: there is nothing to compare the one module with. unknown: the
	// modules do not say their kernel, so nobody knows whether they meet.
	alone, unknown bool
}

// sets runs the set rules over each group of modules that may meet on one
// kernel.
func (j *job) sets(ctx context.Context) []setOutcome {
	if len(j.schedule.set) == 0 {
		return nil
	}
	members, keys := j.groups()
	outcomes := make([]setOutcome, len(keys))
	var g errgroup.Group
	g.SetLimit(j.config.Jobs)
	for i, key := range keys {
		g.Go(func() error {
			if ctx.Err() == nil {
				outcomes[i] = j.set(key, members[key])
			}
			return nil
		})
	}
	_ = g.Wait() // no group returns an error
	return outcomes
}

// groups sorts the livepatches into groups, by index in the outcomes, and
// returns the groups that have a candidate in a fixed order.
func (j *job) groups() (map[moduleset.Kernel][]int, []moduleset.Kernel) {
	members := make(map[moduleset.Kernel][]int)
	var keys []moduleset.Kernel
	for i := range j.outcomes {
		out := &j.outcomes[i]
		if !out.livepatch || out.err != nil {
			continue
		}
		g := out.kernel
		if i < len(j.config.Inputs) && len(members[g]) == 0 {
			keys = append(keys, g) // candidates come first
		}
		if i < len(j.config.Inputs) || len(members[g]) > 0 {
			members[g] = append(members[g], i)
		}
	}
	slices.SortFunc(keys, moduleset.Kernel.Compare)
	return members, keys
}

func (j *job) set(key moduleset.Kernel, indices []int) (out setOutcome) {
	defer func() {
		if v := recover(); v != nil {
			out.judgement.errors = append(out.judgement.errors, ruleError{rules.SetInput.Name, fmt.Sprintf("internal error: %v", v)})
		}
	}()
	var target klp.Target
	members := make([]*moduleset.Member, 0, len(indices))
	files := make([]string, 0, len(indices))
	for _, i := range indices {
		o := &j.outcomes[i]
		if i < len(j.config.Inputs) {
			out.candidates = append(out.candidates, o.module.Path)
		}
		if target == nil {
			target = o.target
		}
		members, files = append(members, o.member), append(files, o.module.Path)
	}
	switch {
	case len(indices) < 2 || !j.keepRows:
		out.alone = true
		return out
	case key.Release == "":
		out.unknown = true
		return out
	}
	options := j.config.Set
	options.Target = target
	options.Behaviour = kernel.BehaviourFor(target, key.Release)
	if options.SameFile == nil {
		options.SameFile = j.sameFile
	}
	run := newRunner(j.schedule.set)
	run.readFile = os.ReadFile
	out.judgement = run.set(moduleset.New(members, options), files, target)
	return out
}

// sameFile compares the bytes of two sources.
func (j *job) sameFile(a, b string) (bool, error) {
	var streams [2]io.Reader
	for i, path := range [...]string{a, b} {
		if s := j.open[path]; s != nil {
			streams[i] = io.NewSectionReader(s.Content, 0, s.Size)
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			return false, err
		}
		defer f.Close()
		streams[i] = f
	}
	buffers := j.comparing.Swap(nil) // a set of one name compares file after file
	if buffers == nil {
		buffers = new(compareBuffers)
	}
	defer j.comparing.Store(buffers)
	return sameBytes(streams[0], streams[1], buffers)
}

// compareBuffers hold what was read of two files.
type compareBuffers [2][32 << 10]byte

func sameBytes(a, b io.Reader, buffers *compareBuffers) (bool, error) {
	x, y := buffers[0][:], buffers[1][:]
	for {
		n, errA := io.ReadFull(a, x)
		m, errB := io.ReadFull(b, y)
		if !bytes.Equal(x[:n], y[:m]) {
			return false, nil
		}
		for _, err := range [...]error{errA, errB} {
			if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return false, err
			}
		}
		if errA != nil || errB != nil {
			return errA != nil && errB != nil, nil
		}
	}
}
