package rules

import (
	"go/token"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

// report completes the findings and reports each as a diagnostic. Every rule
// ends with it.
func report(pass *analysis.Pass, rule *Rule, module string, findings []finding.Finding) {
	for i := range findings {
		f := &findings[i]
		if f.Rule == "" {
			f.Rule = rule.ID()
		}
		if f.Severity == 0 {
			f.Severity = rule.Severity
		}
		if f.Module == "" {
			f.Module = module
		}
		pass.Report(analysis.Diagnostic{
			Pos:      position(pass, f.Location),
			Category: f.Rule,
			Message:  f.Message,
		})
	}
}

// position maps a location to the token.File that the driver made for the
// module, byte for byte; token.NoPos where there is no such file or the place
// has no bytes.
func position(pass *analysis.Pass, at klp.Location) token.Pos {
	if pass.Fset == nil || at.File <= 0 || len(pass.OtherFiles) == 0 {
		return token.NoPos
	}
	var pos token.Pos
	pass.Fset.Iterate(func(f *token.File) bool {
		if f.Name() == pass.OtherFiles[0] && at.File <= int64(f.Size()) {
			pos = f.Pos(int(at.File))
			return false
		}
		return true
	})
	return pos
}
