package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

var klp504 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"hygiene", "signature", "security"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP504",
		Doc: `signature is malformed, or bytes follow it

The loader looks for the signature's marker at the very end of the file
(kernel/module/signing.c: module_sig_check). Bytes after it make the module an
unsigned one; a marker after a trailer that cannot be parsed makes a kernel with
CONFIG_MODULE_SIG refuse the module even where signatures are not required
(kernel/module_signature.c: mod_check_sig). Stripping, compressing and signing in
the wrong order cause both.

Fix: strip first, then sign, compress last.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	if m.SignatureError == "" {
		return nil, nil
	}
	var answer *finding.Answer
	if errno := replace.SignatureErrno(m); errno != "" {
		answer = refused(errno, "")
	}
	return []finding.Finding{{Message: "the data after the ELF image is not a valid signature: " + m.SignatureError, Kernel: answer}}, nil
})
