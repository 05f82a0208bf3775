package initcode

import (
	"slices"

	"github.com/klplint/klplint/elfread/internal/initcode/arm64"
	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/elfread/internal/initcode/loong64"
	"github.com/klplint/klplint/elfread/internal/initcode/ppc64le"
	"github.com/klplint/klplint/elfread/internal/initcode/s390x"
	"github.com/klplint/klplint/klp"
)

// Analyze answers one question. It never panics, and its time and memory are
// bounded whatever the input holds.
func Analyze(in Input) Result {
	var a Analyzer
	return a.Analyze(in)
}

// Analyzer is Analyze with buffers that are kept from one module to the next. Its zero
// value is ready. It is not safe for concurrent use; results share nothing with it.
type Analyzer struct {
	e engine
}

// Analyze answers one question.
func (a *Analyzer) Analyze(in Input) Result {
	e := &a.e
	e.start(in)
	defer e.release()
	var res Result
	if e.m == nil {
		res.Reason = "code of architecture " + string(in.Arch) + " is not supported"
		res.Replace.Reason = res.Reason
		return res
	}
	start, ok := e.initPlace()
	if !ok {
		res.Reason = "the module has no init function"
		res.Replace.Reason = res.Reason
	} else {
		e.analyse(start)
		res.Decoded, res.Reason = !e.failed, e.reason
		if e.repeats {
			res.Repeats, res.RepeatsAt = true, e.location(e.repeatAt)
		}
		res.Replace = e.replaceResult()
	}
	e.listCalls()
	for i := range e.calls {
		c := &e.calls[i]
		arg, data := c.argument()
		en := klp.Enable{At: e.location(c.at), Arg: arg}
		if arg == klp.ArgData {
			en.Data = e.dataLocation(data)
		}
		res.Enables = append(res.Enables, en)
		res.Args = append(res.Args, data)
	}
	if in.Shadow {
		res.ShadowIDs = e.shadowIDs()
	}
	return res
}

func (e *engine) start(in Input) {
	e.in = in
	if e.m, e.decoder = nil, e.decoderOf(in.Arch); e.decoder != nil {
		e.m = e.decoder.Machine()
	}
	e.sections, e.allocs, e.exposed, e.calls, e.labels = e.sections[:0], e.allocs[:0], e.exposed[:0], e.calls[:0], e.labels[:0]
	e.all, e.data, e.blinds, e.labelsRead = false, false, false, false
	if e.index == nil {
		e.index = make([]uint16, indexSize)
	}
	e.insns = e.insns[:0]
	e.slab, e.answers, e.fromData, e.steps = e.slab[:0], e.answers[:0], 0, 0
}

// release drops references to the caller's memory.
func (e *engine) release() {
	clear(e.sections)
	e.sections = e.sections[:0]
	e.in = Input{}
}

func (e *engine) initPlace() (ir.PC, bool) {
	p := e.in.Init
	if p.Section <= 0 || p.Section > int(ir.RegionNumber) || p.Offset > 1<<31 {
		return ir.PC{}, false
	}
	return ir.PC{Section: uint32(p.Section), Offset: uint32(p.Offset)}, true
}

// listCalls adds the calls of klp_enable_patch() that init does not reach, and sorts.
func (e *engine) listCalls() {
	if e.in.Enable != 0 {
		for _, index := range e.in.Exec {
			sec := e.section(index)
			if sec == nil {
				continue
			}
			for i := range sec.Relocs {
				if r := &sec.Relocs[i]; r.Sym == e.in.Enable && r.Offset < uint64(len(sec.Data)) {
					e.noteReloc(index, r.Offset)
				}
			}
		}
	}
	slices.SortFunc(e.calls, func(a, b call) int { return compare(a.at, b.at) })
}

// noteReloc adds a call whose instruction holds the byte at off, unless it is
// listed already.
func (e *engine) noteReloc(section int, off uint64) {
	for i := range e.calls {
		c := &e.calls[i]
		if c.reached && int(c.at.Section) == section && off >= uint64(c.at.Offset) && off < uint64(c.at.Offset)+8 && off-uint64(c.at.Offset) <= 2 {
			return
		}
	}
	e.callAt(ir.PC{Section: uint32(section), Offset: uint32(off - min(off, e.m.CallReloc))})
}

// replaceResult sums up what the calls of klp_enable_patch() that init reaches say.
func (e *engine) replaceResult() Replace {
	var a answer
	for i := range e.calls {
		if e.calls[i].reached {
			a = e.joinAnswers(a, e.calls[i].answer)
		}
	}
	switch {
	case a.kind == notAsked && !e.failed:
		return Replace{Reason: "init does not call klp_enable_patch()"}
	case e.failed:
		return Replace{Reason: e.reason}
	case a.kind == notKnown && e.vague != "":
		return Replace{Reason: a.reason + " (the effect of " + e.vague + " is not known)"}
	case a.kind == notKnown:
		return Replace{Reason: a.reason}
	case a.kind == inData:
		return Replace{Static: true}
	case a.kind == atRuntime:
		return Replace{Runtime: true, Width: int(a.width), At: e.location(a.at), Reason: a.reason}
	}
	r := Replace{Known: true, Width: int(a.width), At: e.location(a.at)}
	if a.val.Kind == ir.Constant {
		r.Value = uint64(a.val.Off)
	} else {
		r.Pointer = &Place{a.val.Reg.Number(), uint64(a.val.Off)}
	}
	return r
}

// location names a place in code.
func (e *engine) location(p ir.PC) klp.Location {
	l := klp.Location{Offset: uint64(p.Offset)}
	if s := e.section(int(p.Section)); s != nil {
		l.Section = s.Name
	}
	if fn, ok := e.in.Source.Function(Place{int(p.Section), uint64(p.Offset)}); ok {
		l.Symbol = fn.Name
	}
	return l
}

func (e *engine) dataLocation(p Place) klp.Location {
	l := klp.Location{Offset: p.Offset}
	if s := e.section(p.Section); s != nil {
		l.Section = s.Name
	}
	return l
}

// decoderOf returns what reads an architecture's code, nil where it is not understood.
func (e *engine) decoderOf(arch klp.Arch) ir.Decoder {
	switch arch {
	case klp.X86_64:
		return &e.x86
	case klp.ARM64:
		return arm64.Decoder{}
	case klp.PPC64LE:
		return ppc64le.Decoder{}
	case klp.S390X:
		return s390x.Decoder{}
	case klp.LoongArch64:
		return loong64.Decoder{}
	}
	return nil
}
