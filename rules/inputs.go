package rules

import (
	"fmt"
	"reflect"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

// ModuleInput is the prerequisite of every rule that judges one module. Its
// result is a *klp.Module, which rules must not change: all of them get the same
// one. The driver (package lint) seeds it. A program that runs the rules under another analysis driver
// gives ModuleInput a Run of its own, which reads the first of the pass's
// OtherFiles (package elfread).
var ModuleInput = &analysis.Analyzer{
	Name: "module",
	Doc: `the livepatch module under judgement

Seeded by the driver.`,
	Run:        seeded,
	ResultType: reflect.TypeFor[*klp.Module](),
}

// SetInput is the prerequisite of rules that judge modules which may meet on
// one kernel. Its result is a *moduleset.Set. A rule that requires it runs once for each
// moduleset.Kernel; only the driver can supply it.
var SetInput = &analysis.Analyzer{
	Name: "set",
	Doc: `the modules that may meet on one kernel, and the baseline

Seeded by the driver.`,
	Run:        seeded,
	ResultType: reflect.TypeFor[*moduleset.Set](),
}

// KernelInput is the prerequisite of rules that ask what is known of the target
// kernel. Its result is a non-nil klp.Target and not *kernel.Kernel itself, so
// that rules can be tested against a small fake; a rule that needs more than
// klp.Target asks for it with a type assertion to an interface of its own, and
// returns MissingInput where the target does not have it. Only the driver can
// supply the result.
var KernelInput = &analysis.Analyzer{
	Name: "kernel",
	Doc: `the target kernel

Seeded by the driver.`,
	Run:        seeded,
	ResultType: reflect.TypeFor[klp.Target](),
}

// MissingInput is the error a rule returns when it could not be evaluated, or
// only in part, because something beyond its prerequisites is not known: the
// symbols of one object, say. The driver then lists the rule as not evaluated
// and keeps the findings that came with it:
//
//	return findings, &rules.MissingInput{Needs: "symbols of ext4"}
type MissingInput struct {
	Needs string // what is missing, as a noun phrase: "symbols of ext4"
}

// Error returns "not evaluated: needs " and what is missing.
func (e *MissingInput) Error() string { return "not evaluated: needs " + e.Needs }

// module returns the result of ModuleInput.
func module(pass *analysis.Pass) *klp.Module { return pass.ResultOf[ModuleInput].(*klp.Module) }

// set returns the result of SetInput.
func set(pass *analysis.Pass) *moduleset.Set { return pass.ResultOf[SetInput].(*moduleset.Set) }

// target returns the result of KernelInput.
func target(pass *analysis.Pass) klp.Target { return pass.ResultOf[KernelInput].(klp.Target) }

func seeded(pass *analysis.Pass) (any, error) {
	return nil, fmt.Errorf("%s is seeded by the driver", pass.Analyzer.Name)
}
