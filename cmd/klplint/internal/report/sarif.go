package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/report/escape"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// maxMessage bounds a message in formats whose readers have limits of their
// own, in bytes.
const maxMessage = 4 << 10

// LintSARIF writes SARIF 2.1.0 as the standard wants it for binary files:
// places are bytes and addresses, never lines (section 3.30.1). Rules that
// could not judge are notifications of the invocation; waived and known findings
// carry their suppression.
func LintSARIF(w io.Writer, l *Lint, _ Options) error {
	b := newSARIF(l, false)
	for i := range l.Verdict.Findings {
		b.add(b.finding(i))
	}
	return b.write(w)
}

// sarifBuilder gathers one run.
type sarifBuilder struct {
	lint      *Lint
	lines     bool // places are lines of files, for readers that know no others
	run       sarifRun
	ruleIndex map[string]int
	artifacts map[string]int // by path
	sections  map[sarifSection]int
	modules   map[string]*policy.Module
	known     bool // known findings were given
}

type sarifSection struct{ path, section string }

func newSARIF(l *Lint, lines bool) *sarifBuilder {
	b := &sarifBuilder{
		lint:      l,
		lines:     lines,
		ruleIndex: make(map[string]int),
		artifacts: make(map[string]int),
		sections:  make(map[sarifSection]int),
		modules:   make(map[string]*policy.Module),
		known:     l.Verdict.Known > 0,
	}
	b.run.Tool.Driver = sarifDriver{Name: "klplint", Version: sarifVersion(l.Version), InformationURI: "https://github.com/klplint/klplint", Rules: []sarifRule{}}
	b.run.ColumnKind = "unicodeCodePoints"
	b.run.Results = []sarifResult{}
	b.run.AutomationDetails.ID = "klplint/" + b.kernel()
	for _, r := range l.Rules {
		b.rule(r.ID())
	}
	for i := range l.Verdict.Modules {
		m := &l.Verdict.Modules[i]
		b.modules[m.Path] = m
	}
	if !lines {
		for i := range l.Verdict.Modules {
			b.artifact(l.Verdict.Modules[i].Path)
		}
	}
	b.run.Invocations = []sarifInvocation{b.invocation()}
	return b
}

// kernel is the release that all modules are for, and a slash; "" where there
// is not just one.
func (b *sarifBuilder) kernel() string {
	release := ""
	for i := range b.lint.Verdict.Modules {
		switch r := b.lint.Verdict.Modules[i].Release; {
		case r == "" || r == release:
		case release != "":
			return ""
		default:
			release = r
		}
	}
	if release == "" {
		return ""
	}
	return strings.ReplaceAll(sarifName(release), "/", "_") + "/"
}

// rule returns the index of a rule's descriptor, which it makes for an ID that
// is not among the chosen rules.
func (b *sarifBuilder) rule(id string) int {
	if i, ok := b.ruleIndex[id]; ok {
		return i
	}
	d := sarifRule{ID: sarifName(id)}
	if r := b.lint.ruleByID(id); r != nil {
		t := textOf(r)
		d.Name = ruleName(t.title)
		d.ShortDescription = &sarifText{Text: t.title}
		d.FullDescription = &sarifText{Text: escape.Cut(t.reason, 1000)}
		d.Help = &sarifText{Text: t.whole(), Markdown: t.whole()}
		d.HelpURI = r.Page()
		d.DefaultConfiguration = &sarifConfiguration{Level: sarifLevel(r.Severity)}
		d.Properties = &sarifRuleProperties{Tags: r.Tags, Precision: "very-high", Severity: sarifProblem(r.Severity)}
		if len(d.Properties.Tags) > 20 {
			d.Properties.Tags = d.Properties.Tags[:20]
		}
	} else {
		d.ShortDescription = &sarifText{Text: d.ID}
		d.Help = &sarifText{Text: d.ID}
	}
	i := len(b.run.Tool.Driver.Rules)
	b.ruleIndex[id] = i
	b.run.Tool.Driver.Rules = append(b.run.Tool.Driver.Rules, d)
	return i
}

// artifact returns the index of a file. A module inside an archive or a
// compressed file is an artifact within an artifact, and what has places.
func (b *sarifBuilder) artifact(path string) int {
	if i, ok := b.artifacts[path]; ok {
		return i
	}
	a := sarifArtifact{MimeType: "application/x-object"}
	outer, inner, nested := strings.Cut(path, "!/")
	m := b.modules[path]
	if m != nil {
		a.Roles = []string{"analysisTarget"}
		if m.SHA256 != "" {
			a.Hashes = map[string]string{"sha-256": m.SHA256}
		}
		if m.Size > 0 {
			a.Length = &m.Size
		}
	}
	switch {
	case nested:
		parent := b.container(sarifArtifact{}, outer)
		a.ParentIndex, a.Location.URI = &parent, relativeURI(inner)
	case m != nil && m.Compression != klp.Uncompressed && m.Compression != "":
		outside := a
		outside.MimeType = "application/" + string(m.Compression)
		parent := b.container(outside, path)
		base := path[strings.LastIndexByte(path, '/')+1:]
		base = base[:max(strings.LastIndexByte(base, '.'), 0)]
		if base == "" {
			base = "module.ko"
		}
		a = sarifArtifact{MimeType: a.MimeType, Roles: a.Roles, ParentIndex: &parent}
		a.Location.URI = relativeURI(base)
	default:
		a.Location.URI = fileURI(path)
	}
	return b.addArtifact(path, a)
}

// container returns the index of the file that others are in.
func (b *sarifBuilder) container(a sarifArtifact, path string) int {
	key := "container\x00" + path
	if i, ok := b.artifacts[key]; ok {
		return i
	}
	a.Location.URI = fileURI(path)
	return b.addArtifact(key, a)
}

func (b *sarifBuilder) addArtifact(key string, a sarifArtifact) int {
	i := len(b.run.Artifacts)
	b.artifacts[key] = i
	b.run.Artifacts = append(b.run.Artifacts, a)
	return i
}

// section returns the index of a section's address.
func (b *sarifBuilder) section(path, name string) int {
	key := sarifSection{path, name}
	if i, ok := b.sections[key]; ok {
		return i
	}
	i := len(b.run.Addresses)
	b.sections[key] = i
	b.run.Addresses = append(b.run.Addresses, sarifAddress{Name: sarifName(name), Kind: "section"})
	return i
}

func (b *sarifBuilder) add(r sarifResult) { b.run.Results = append(b.run.Results, r) }

// finding makes the result of one finding.
func (b *sarifBuilder) finding(i int) sarifResult {
	f := &b.lint.Verdict.Findings[i]
	r := sarifResult{
		RuleID:       sarifName(f.Rule),
		RuleIndex:    new(b.rule(f.Rule)),
		Kind:         "fail",
		Level:        sarifLevel(f.Severity),
		Locations:    []sarifLocation{b.location(f.Module, f.Location)},
		Suppressions: []sarifSuppression{},
	}
	r.Locations[0].LogicalLocations = logical(&f.Finding)
	text := f.Message + translated(&f.Finding)
	links := b.relate(&r, &f.Finding)
	r.Message.Text = sarifMessage(text) + links
	if fp := f.Fingerprint; fp != "" {
		r.PartialFingerprints = map[string]string{"klplint/v2": fp}
	}
	if f.Waiver != nil {
		r.Suppressions = append(r.Suppressions, sarifSuppression{Kind: "external", Status: "accepted", Justification: sarifName(b.lint.why(i))})
	}
	if f.Known {
		r.Suppressions = append(r.Suppressions, sarifSuppression{Kind: "external", Status: "accepted", Justification: "one of the known findings"})
	}
	if b.known {
		r.BaselineState = "new"
		if f.Known {
			r.BaselineState = "unchanged"
		}
	}
	if f.Kernel != nil || f.Undecided || len(f.Funcs) > 0 {
		r.Properties = &sarifProperties{Undecided: f.Undecided}
		for _, fn := range f.Funcs {
			r.Properties.Funcs = append(r.Properties.Funcs, sarifFunc{sarifName(fn.Object), sarifName(fn.Name)})
		}
		if f.Kernel != nil {
			r.Properties.Outcome, r.Properties.Errno = f.Kernel.Outcome(), sarifName(f.Kernel.Errno)
			r.Properties.Kernel, r.Properties.Note = sarifName(f.Kernel.Message), sarifName(f.Kernel.Note)
		}
	}
	return r
}

// relate adds the related places and returns the links to them, with which a
// message ends: some readers show only what the message links.
func (b *sarifBuilder) relate(r *sarifResult, f *finding.Finding) string {
	var links strings.Builder
	for n := range f.Related {
		rel := &f.Related[n]
		at := b.location(rel.Module, rel.Location)
		at.ID = new(n + 1)
		at.Message = &sarifText{Text: sarifMessage(rel.Message)}
		r.RelatedLocations = append(r.RelatedLocations, at)
		word := rel.Message
		if word == "" {
			word = rel.Module
		}
		fmt.Fprintf(&links, "; see [%s](%d)", linkText(word), n+1)
	}
	return links.String()
}

// location places something in a module.
func (b *sarifBuilder) location(path string, at klp.Location) sarifLocation {
	if b.lines {
		return lineLocation(path)
	}
	index := b.artifact(path)
	p := &sarifPhysical{}
	p.ArtifactLocation.URI = b.run.Artifacts[index].Location.URI
	p.ArtifactLocation.Index = &index
	switch n := b.run.Artifacts[index].Length; {
	case at.File > 0 && b.holds(path, at.File):
		p.Region = &sarifRegion{ByteOffset: new(at.File), ByteLength: 1}
	case n == nil: // it begins somewhere
		p.Region = &sarifRegion{ByteOffset: new(int64(0)), ByteLength: 1}
	case *n > 0: // the file as a whole
		p.Region = &sarifRegion{ByteOffset: new(int64(0)), ByteLength: *n}
	}
	if at.Section != "" {
		name := at.Symbol
		if name == "" {
			name = fmt.Sprintf("%s+0x%x", at.Section, at.Offset)
		}
		a := &sarifAddress{Name: sarifName(name), Kind: kindOfPlace(at), ParentIndex: new(b.section(path, at.Section))}
		if at.Offset < 1<<62 {
			a.OffsetFromParent = new(int64(at.Offset))
		}
		p.Address = a
	}
	return sarifLocation{PhysicalLocation: p}
}

// holds reports whether an offset, which is one of the unpacked module, is one
// of what artifact describes.
func (b *sarifBuilder) holds(path string, offset int64) bool {
	switch m := b.modules[path]; {
	case m == nil: // of the baseline
		return strings.HasSuffix(path, ".ko")
	case m.Compression != klp.Uncompressed:
		return !strings.Contains(path, "!/")
	default:
		return offset < m.Size
	}
}

// sarifName is a name in any member that is no message.
func sarifName(s string) string { return escape.Cut(Escape(s), maxMessage) }

// sarifVersion is a version that begins with a number, by which readers compare.
func sarifVersion(v string) string {
	v = strings.TrimPrefix(sarifName(v), "v")
	if v == "" || v[0] < '0' || v[0] > '9' {
		v = strings.TrimSpace("0 " + v)
	}
	return v
}

// kindOfPlace is "function" in code and "data" elsewhere.
func kindOfPlace(at klp.Location) string {
	if strings.HasPrefix(at.Section, ".text") || strings.HasPrefix(at.Section, ".init.text") {
		return "function"
	}
	return "data"
}

// logical names what a finding is about in the words of the patch.
func logical(f *finding.Finding) []sarifLogical {
	switch {
	case f.Func != "":
		fn, _, _ := strings.Cut(f.Func, ",")
		name := fn
		if d := demangled(fn); d != "" {
			name = d
		}
		return []sarifLogical{{Name: sarifName(name), FullyQualifiedName: sarifName(f.Object + ":" + f.Func), DecoratedName: sarifName(fn), Kind: "function"}}
	case f.Object != "":
		return []sarifLogical{{Name: sarifName(f.Object), Kind: "module"}}
	case f.Location.Symbol != "":
		kind := "variable"
		if kindOfPlace(f.Location) == "function" {
			kind = "function"
		}
		return []sarifLogical{{Name: sarifName(f.Location.Symbol), Kind: kind}}
	}
	return nil
}

// notEvaluated is a notification of what the tool could not do: as a result it would
// count as one of the code's, and viewers drop results without a place.
func (b *sarifBuilder) notEvaluated(n *lint.NotEvaluated) sarifNotification {
	out := sarifNotification{
		Level:          "note",
		AssociatedRule: &sarifReference{ID: sarifName(n.Rule), Index: new(b.rule(n.Rule))},
	}
	out.Message.Text = sarifMessage("not evaluated: needs " + n.Needs)
	if n.Module != "" {
		out.Locations = []sarifLocation{b.location(n.Module, klp.Location{})}
	}
	return out
}

// invocation says whether everything could be checked, and what could not.
func (b *sarifBuilder) invocation() sarifInvocation {
	in := sarifInvocation{ExecutionSuccessful: len(b.lint.Verdict.Errors) == 0, ExitCode: b.lint.Verdict.ExitCode}
	for _, p := range b.lint.Verdict.Errors {
		n := sarifNotification{Level: "error"}
		n.Message.Text = sarifMessage(p.Message)
		if p.Path != "" {
			n.Locations = []sarifLocation{b.location(p.Path, klp.Location{Section: p.Section, Offset: uint64(max(p.Offset, 0))})}
			// The offset is one of the file, not of the section.
			n.Locations[0].PhysicalLocation.Address = nil
			if p.Offset > 0 && !b.lines {
				n.Locations[0].PhysicalLocation.Region = &sarifRegion{ByteOffset: new(p.Offset), ByteLength: 1}
			}
		}
		if p.Rule != "" {
			n.AssociatedRule = &sarifReference{ID: sarifName(p.Rule), Index: new(b.rule(p.Rule))}
		}
		in.Notifications = append(in.Notifications, n)
	}
	for i := range b.lint.Verdict.NotEvaluated {
		in.Notifications = append(in.Notifications, b.notEvaluated(&b.lint.Verdict.NotEvaluated[i]))
	}
	return in
}

func (b *sarifBuilder) write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0",
		Runs:    []sarifRun{b.run},
	})
}

func sarifLevel(s finding.Severity) string {
	switch s {
	case finding.Error:
		return "error"
	case finding.Warning:
		return "warning"
	case finding.Info:
	}
	return "note"
}

// sarifProblem is the severity in the words of GitHub's rule property.
func sarifProblem(s finding.Severity) string {
	if s == finding.Info {
		return "recommendation"
	}
	return s.String()
}

// sarifMessage is plain text in which nothing out of a module can become a
// link (section 3.11.6).
func sarifMessage(s string) string {
	s = escape.Cut(Escape(s), maxMessage)
	if strings.Contains(s, "](") {
		s = linkText(s)
	}
	if s == "" {
		s = "no message"
	}
	return s
}

// linkText escapes what would end a link's text.
func linkText(s string) string {
	var b strings.Builder
	for _, r := range escape.Cut(Escape(s), maxMessage) {
		if r == '[' || r == ']' || r == '\\' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
