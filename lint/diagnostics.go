package lint

import (
	"go/token"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/rules"
)

// fromDiagnostics makes findings of the diagnostics of a rule that has no
// result. Their positions are byte offsets in the module's file.
func (j *judgement) fromDiagnostics(fset *token.FileSet, m *klp.Module, r *rules.Rule, diagnostics []analysis.Diagnostic) {
	for i := range diagnostics {
		d := &diagnostics[i]
		f := finding.Finding{Message: d.Message}
		complete(&f, r)
		if m != nil {
			f.Location = locate(fset, m, d.Pos)
			for _, related := range d.Related {
				f.Related = append(f.Related, finding.Related{
					Module:   m.Path,
					Message:  related.Message,
					Location: locate(fset, m, related.Pos),
				})
			}
		}
		j.findings = append(j.findings, f)
	}
}

// locate finds the section around a position; the zero Location for none.
func locate(fset *token.FileSet, m *klp.Module, pos token.Pos) klp.Location {
	if !pos.IsValid() {
		return klp.Location{}
	}
	offset := int64(fset.PositionFor(pos, false).Offset)
	at := klp.Location{File: offset}
	const shtNobits = 8
	for i := range m.Sections {
		s := &m.Sections[i]
		if s.Type != shtNobits && uint64(offset) >= s.Offset && uint64(offset)-s.Offset < s.Size {
			at.Section, at.Offset = s.Name, uint64(offset)-s.Offset
			break
		}
	}
	return at
}

// addFile gives the module a token.File, so that rules can report positions in
// it, and returns what takes it away again. Its size covers every section.
func (r *runner) addFile(m *klp.Module) (remove func()) {
	size := m.Size
	for i := range m.Sections {
		const largest = 1 << 30 // elfread reads no larger file
		if s := &m.Sections[i]; s.Offset <= largest && s.Size <= largest {
			size = max(size, int64(s.Offset+s.Size))
		}
	}
	file := r.fset.AddFile(m.Path, -1, int(size))
	return func() { r.fset.RemoveFile(file) }
}
