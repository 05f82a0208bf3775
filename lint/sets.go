package lint

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
		g := out.kernel.Value()
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
	if options.Digest == nil {
		options.Digest = j.digest
	}
	run := newRunner(j.schedule.set)
	run.readFile = os.ReadFile
	out.judgement = run.set(moduleset.New(members, options), files, target)
	return out
}

// digest hashes the file of a source.
func (j *job) digest(path string) (string, error) {
	var content io.Reader
	if s := j.open[path]; s != nil {
		content = io.NewSectionReader(s.Content, 0, s.Size)
	} else {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer f.Close()
		content = f
	}
	h := sha256.New()
	if _, err := io.Copy(h, content); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
