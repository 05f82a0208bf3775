package report

import (
	"io"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/report/jsonform"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/lint"
)

// LintJSON writes the JSON of lint and gate.
func LintJSON(w io.Writer, l *Lint, _ Options) error {
	v := l.Verdict
	form := jsonform.Lint{
		Schema:   jsonform.Version,
		Tool:     jsonform.Tool{Name: "klplint", Version: l.Version},
		Model:    l.Model,
		Modules:  eachForm(v.Modules, jsonLintModule),
		Findings: eachForm(v.Findings, jsonFinding),
		Fixed:    eachForm(v.Fixed, jsonFixed),
		NotEvaluated: eachForm(v.NotEvaluated, func(n *lint.NotEvaluated) jsonform.NotEvaluated {
			return jsonform.NotEvaluated{Rule: n.Rule, Module: n.Module, Needs: n.Needs}
		}),
		Errors: jsonProblems(v.Errors),
		Summary: jsonform.Summary{
			Modules: v.Summary.Modules, Skipped: v.Summary.Skipped, Errors: v.Summary.Errors,
			Error: v.Summary.Error, Warning: v.Summary.Warning, Info: v.Summary.Info,
		},
		ExitCode: v.ExitCode,
	}
	if l.Gate != nil {
		form.Gate = jsonGate(l.Gate)
	}
	return jsonform.Write(w, &form)
}

func jsonLintModule(m *policy.Module) jsonform.LintModule {
	return jsonform.LintModule{Path: m.Path, Name: m.Name, SHA256: m.SHA256, Verdict: string(m.Verdict)}
}

func jsonFinding(f *policy.Finding) jsonform.Finding {
	form := jsonform.Finding{
		Rule: f.Rule, Severity: f.Severity.String(), Module: f.Module, Message: f.Message, Object: f.Object, Func: f.Func,
		Location: jsonLocation(f.Location),
		Related: formsOf(f.Related, func(r *finding.Related) jsonform.Related {
			return jsonform.Related{Module: r.Module, Message: r.Message, Location: jsonLocation(r.Location)}
		}),
		Funcs: funcForms(f.Funcs), More: f.More, Others: f.Others, Fingerprint: f.Fingerprint, Waived: f.Waiver != nil, Known: f.Known,
	}
	if f.Kernel != nil {
		form.Kernel = &jsonform.Answer{Outcome: f.Kernel.Outcome(), Errno: f.Kernel.Errno, Message: f.Kernel.Message, Note: f.Kernel.Note}
	}
	if f.Waiver != nil {
		form.Waiver = &jsonform.Waiver{Reason: f.Waiver.Reason, Owner: f.Waiver.Owner, Until: lastDay(f.Waiver)}
	}
	return form
}

// funcForms is nil, and left out, for a finding that lists none.
func funcForms(funcs []finding.Func) []jsonform.FindingFunc {
	if len(funcs) == 0 {
		return nil
	}
	return formsOf(funcs, func(f *finding.Func) jsonform.FindingFunc {
		return jsonform.FindingFunc{Object: f.Object, Func: f.Name}
	})
}

func jsonFixed(k *policy.KnownFinding) jsonform.FixedFinding {
	return jsonform.FixedFinding{Rule: k.Rule, Module: k.Module, Object: k.Object, Func: k.Func, Message: k.Message, Fingerprint: k.Fingerprint}
}

func jsonGate(g *Gate) *jsonform.Gate {
	return &jsonform.Gate{
		Registry: g.Registry, Revision: g.Revision, Channel: g.Channel, Admitted: g.Admitted, DryRun: g.DryRun, Compared: g.Compared,
		Modules: eachForm(g.Modules, func(m *GateModule) jsonform.GateModule {
			return jsonform.GateModule{Path: m.Path, Name: m.Name, SHA256: m.SHA256, Status: m.Status, Revision: m.Revision, Warning: m.Warning}
		}),
		Retired:   eachForm(g.Retired, jsonRegistryEntry),
		Elsewhere: eachForm(g.Elsewhere, jsonRegistryEntry),
		Against:   eachForm(g.Against, jsonRegistryEntry),
	}
}
