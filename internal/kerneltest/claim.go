package kerneltest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// Claim is what one rule says about loading one module.
type Claim struct {
	Rule   string
	Errno  string // as in rules.Answer: one name, or several joined by " or "
	Crash  bool
	Later  bool   // the crash need not come in the load
	Takes  bool   // the kernel loads the module all the same
	Object string // the claim comes true only while this module is loaded; "" for always
}

// Judge lints a module against a kernel and returns the rules' claims about its
// load there.
func Judge(ctx context.Context, path string, target klp.Target) ([]Claim, error) {
	return judge(ctx, lint.Config{Inputs: []lint.Source{{Path: path, Named: true}}}, path, target)
}

// JudgeBeside returns the claims of the rules over several livepatches about
// loading a module while another one is active.
func JudgeBeside(ctx context.Context, path, active string, target klp.Target) ([]Claim, error) {
	return judge(ctx, lint.Config{
		Inputs:   []lint.Source{{Path: path, Named: true}},
		Baseline: []lint.Source{{Path: active, Named: true}},
		Enable:   []string{"KLP4*"},
	}, path, target)
}

func judge(ctx context.Context, config lint.Config, path string, target klp.Target) ([]Claim, error) {
	config.Target = func(*klp.Module) klp.Target { return target }
	result, err := lint.Run(ctx, config)
	if err != nil {
		return nil, err
	}
	for _, e := range result.Errors {
		return nil, fmt.Errorf("%s: %s", path, e.Message)
	}
	var claims []Claim
	for _, f := range result.Findings {
		if f.Kernel == nil || f.Undecided || f.Module != path {
			continue
		}
		c := Claim{Rule: f.Rule, Errno: f.Kernel.Errno, Crash: f.Kernel.Crash, Later: f.Kernel.Later}
		c.Takes = c.Errno == "" && !c.Crash
		if conditional(f.Rule, f.Object) {
			c.Object = f.Object
		}
		claims = append(claims, c)
	}
	return claims, nil
}

// conditional reports whether a rule's finding about an object comes true only
// when that object is loaded: symbols of a module are looked up then.
func conditional(rule, object string) bool {
	switch rule {
	case "KLP302", "KLP303", "KLP304", "KLP305", "KLP306", "KLP310", "KLP204", "KLP205":
		return object != "" && object != klp.VmlinuxObjectName
	}
	return false
}

func (c Claim) holds(errno string) bool {
	if errno == crashed {
		return c.Crash
	}
	return slices.Contains(strings.Split(c.Errno, " or "), errno)
}
