package lint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"unique"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

// reader is what the driver asks of elfread.Reader.
type reader interface {
	Open(path string) (*klp.Module, error)
	Read(r io.ReaderAt, size int64, path string) (*klp.Module, error)
}

// outcome is what became of one source.
type outcome struct {
	module    Module
	livepatch bool
	noKernel  bool       // steps that need a kernel did not run
	judgement *judgement // nil when there is nothing to say
	err       *Error     // the file could not be read

	// For the set rules.
	member *moduleset.Member
	kernel unique.Handle[moduleset.Kernel]
	target klp.Target
}

// job is one run: the configuration, checked, and the outcomes as they come in.
type job struct {
	config   Config
	schedule *schedule
	// keepRows: some set rule is chosen and there is something to compare.
	keepRows bool
	sources  []Source // candidates, then the baseline if it is needed
	outcomes []outcome
	open     map[string]*Source // the sources with Content, by path

	next     atomic.Int64
	progress sync.Mutex
	done     int
}

// work judges sources until there are none left. Each call is one worker.
func (j *job) work(ctx context.Context) {
	in := j.config.newReader()
	run := newRunner(j.schedule.module)
	for ctx.Err() == nil {
		i := int(j.next.Add(1)) - 1
		if i >= len(j.sources) {
			return
		}
		j.source(i, in, run)
		j.tick(ctx)
	}
}

func (j *job) tick(ctx context.Context) {
	if j.config.Progress == nil {
		return
	}
	j.progress.Lock()
	defer j.progress.Unlock()
	if ctx.Err() != nil {
		return // Run has returned
	}
	j.done++
	j.config.Progress(j.done, len(j.sources))
}

// keep hands a module to the caller.
func (j *job) keep(m *klp.Module) {
	if j.config.Keep == nil {
		return
	}
	j.progress.Lock()
	defer j.progress.Unlock()
	j.config.Keep(m)
}

// source reads and judges one source. Whatever breaks off here concerns this
// source alone.
func (j *job) source(i int, in reader, run *runner) {
	s, out := &j.sources[i], &j.outcomes[i]
	out.module.Path = s.Path
	defer func() {
		if v := recover(); v != nil {
			*out = outcome{module: Module{Path: s.Path}, err: &Error{Path: s.Path, Message: fmt.Sprintf("internal error: %v", v)}}
		}
	}()
	m, err := read(in, s)
	if err != nil {
		out.err = readError(s.Path, err)
		return
	}
	// What stays is copied: a module's strings are parts of larger ones.
	out.module.SHA256 = m.SHA256
	out.module.Release, out.module.Size, out.module.Compression = unique.Make(m.Vermagic.Release).Value(), m.Size, m.Compression
	out.livepatch = m.IsLivepatch()
	baseline := i >= len(j.config.Inputs)
	if out.livepatch && j.config.Target != nil {
		out.target = j.config.Target(m)
		klp.FindAliases(m, out.target)
		klp.FindThreads(m, out.target)
	}
	j.keep(m)
	out.kernel = unique.Make(moduleset.KernelOf(m))
	if out.livepatch && j.keepRows {
		out.member = moduleset.NewMember(m, baseline)
		out.module.Name = out.member.Name
	} else {
		out.module.Name = strings.Clone(m.Name)
	}
	if baseline {
		if !out.livepatch && s.Named && !j.config.isTarget(m) {
			out.err = &Error{Path: s.Path, Message: "not a livepatch module, and no baseline"}
		}
		return
	}
	if !out.livepatch && !s.Named {
		return
	}
	if j.schedule.positions {
		defer run.addFile(m)()
	}
	run.readFile = s.readFile
	told := run.module(m, out.target, out.livepatch)
	for k := range told.findings {
		if f := &told.findings[k]; f.Module == "" {
			f.Module = s.Path
		}
	}
	out.noKernel = told.noKernel
	if !told.empty() {
		out.judgement = &told
	}
}

func read(in reader, s *Source) (*klp.Module, error) {
	if s.Content != nil {
		return in.Read(s.Content, s.Size, s.Path)
	}
	return in.Open(s.Path)
}

// readError keeps the place that elfread names.
func readError(path string, err error) *Error {
	var e *elfread.Error
	if errors.As(err, &e) {
		return &Error{Path: path, Section: e.Section, Offset: e.Offset, Message: e.Err.Error()}
	}
	return &Error{Path: path, Message: err.Error()}
}

// readFile is what rules get as Pass.ReadFile: this source's bytes as stored.
func (s *Source) readFile(name string) ([]byte, error) {
	if name != s.Path || s.Content == nil {
		return os.ReadFile(name)
	}
	return io.ReadAll(io.NewSectionReader(s.Content, 0, s.Size))
}
