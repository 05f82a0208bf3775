//go:build !nocel

package siterule

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/cmd/klplint/internal/config"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/rules"
)

// The budget of one evaluation, in CEL's units of cost, about a tenth of a
// second; and the bounds of what it may say.
const (
	costLimit   = 1_000_000
	maxSource   = 16 << 10 // bytes of an expression
	maxDepth    = 64       // of its nesting
	maxMessages = 100
	maxMessage  = 1024 // bytes
	maxPairs    = 1_000_000
)

// Compile makes rules of the custom rules of configurations, in their order.
// Errors have the place in the file.
func Compile(list []config.Rule) ([]*rules.Rule, error) {
	if len(list) == 0 {
		return nil, nil
	}
	var modules, pairs *cel.Env
	out := make([]*rules.Rule, 0, len(list))
	for i := range list {
		c := &list[i]
		env := &modules
		if c.Pairs {
			env = &pairs
		}
		if *env == nil {
			var err error
			if *env, err = environment(c.Pairs); err != nil {
				return nil, fmt.Errorf("CEL: %w", err)
			}
		}
		e, err := compile(*env, c)
		if err != nil {
			return nil, err
		}
		r, err := describe(c)
		if err != nil {
			return nil, err
		}
		if c.Pairs {
			rules.NewSetRule(r, e.pairs)
		} else {
			rules.NewModuleRule(r, e.module)
		}
		out = append(out, r)
	}
	return out, nil
}

// environment declares what an expression may speak of.
func environment(pairs bool) (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.ParserExpressionSizeLimit(maxSource),
		cel.ParserRecursionLimit(maxDepth),
	}
	if pairs {
		peer := cel.ObjectType("siterule.Peer")
		options = append(options, ext.NativeTypes(ext.ParseStructTags(true), reflect.TypeFor[*Peer]()),
			cel.Variable("module", peer), cel.Variable("other", peer))
	} else {
		options = append(options, ext.NativeTypes(ext.ParseStructTags(true), reflect.TypeFor[*Module]()),
			cel.Variable("module", cel.ObjectType("siterule.Module")))
	}
	return cel.NewEnv(options...)
}

// expression is a compiled expression. It may be evaluated by several
// goroutines.
type expression struct {
	program cel.Program
	message string
}

func compile(env *cel.Env, c *config.Rule) (*expression, error) {
	ast, issues := env.Compile(strings.TrimRight(c.Expr, "\n "))
	if issues != nil && len(issues.Errors()) > 0 {
		first := issues.Errors()[0]
		message, _, _ := strings.Cut(first.Message, "\n")
		if strings.Contains(message, "(uint, int)") || strings.Contains(message, "(int, uint)") || strings.Contains(message, "uint") && strings.Contains(message, "'int'") {
			message += "; numbers of the kernel are unsigned: write 42u"
		}
		return nil, c.FailExpr(first.Location.Line(), first.Location.Column(), "%s: %s", c.ID, message)
	}
	if t := ast.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.ListType(cel.StringType)) {
		return nil, c.FailExpr(1, 0, "%s: the expression is of type %s, it must be bool or list(string)", c.ID, t)
	}
	program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(costLimit))
	if err != nil {
		message, _, _ := strings.Cut(err.Error(), "\n")
		return nil, c.FailExpr(1, 0, "%s: %s", c.ID, message)
	}
	return &expression{program: program, message: c.Message}, nil
}

// describe makes the rule without its check.
func describe(c *config.Rule) (*rules.Rule, error) {
	severity := finding.Error
	if c.Severity != "" {
		var err error
		if severity, err = finding.ParseSeverity(c.Severity); err != nil {
			return nil, c.FailID("%s: %v", c.ID, err)
		}
	}
	fix := c.Fix
	if fix == "" {
		fix = "see the reason; the expression must hold."
	}
	var doc strings.Builder
	doc.WriteString(c.Message + "\n\n" + c.Doc + "\n\n")
	fmt.Fprintf(&doc, "A rule of this site: %s, line %d.\n\n", c.File, c.Line)
	for line := range strings.Lines(strings.TrimRight(c.Expr, "\n")) {
		doc.WriteString("    " + line)
	}
	doc.WriteString("\n\nFix: " + strings.ReplaceAll(strings.TrimPrefix(fix, "Fix: "), "\n\n", "\n"))
	return &rules.Rule{
		Severity: severity,
		Tags:     append([]string{"custom"}, c.Tags...),
		Analyzer: &analysis.Analyzer{Name: c.ID, Doc: doc.String()},
	}, nil
}

// module is the check of a rule over modules.
func (e *expression) module(m *klp.Module) ([]finding.Finding, error) {
	return e.evaluate(map[string]any{"module": modelOf(m)})
}

// pairs is the check of a rule over pairs: each candidate with each other
// module of its kernel.
func (e *expression) pairs(s *moduleset.Set) ([]finding.Finding, error) {
	peers := make([]*Peer, len(s.Members))
	candidates := 0
	for i, m := range s.Members {
		peers[i] = peerOf(m)
		if !m.Baseline {
			candidates++
		}
	}
	if n := candidates * (len(peers) - 1); n > maxPairs {
		return nil, fmt.Errorf("%d pairs, the limit is %d", n, maxPairs)
	}
	var list []finding.Finding
	vars := make(map[string]any, 2)
	for i, module := range peers {
		if module.Baseline {
			continue
		}
		vars["module"] = module
		for j, other := range peers {
			if i == j {
				continue
			}
			vars["other"] = other
			found, err := e.evaluate(vars)
			if err != nil {
				return list, fmt.Errorf("%s with %s: %w", module.Path, other.Path, err)
			}
			for _, f := range found {
				f.Module = module.Path
				f.Identity = append(f.Identity, "module "+cmp.Or(other.Name, other.Path))
				f.Related = []finding.Related{{Module: other.Path, Message: "the other livepatch"}}
				list = append(list, f)
			}
		}
	}
	return list, nil
}

// evaluate returns the findings, of which each has its message.
func (e *expression) evaluate(vars map[string]any) ([]finding.Finding, error) {
	result, _, err := e.program.Eval(vars)
	if err != nil {
		return nil, fmt.Errorf("expression: %w", err)
	}
	if holds, ok := result.Value().(bool); ok {
		if holds {
			return nil, nil
		}
		return []finding.Finding{{Message: e.message}}, nil
	}
	native, err := result.ConvertToNative(reflect.TypeFor[[]string]())
	if err != nil {
		return nil, fmt.Errorf("expression: %w", err)
	}
	messages := native.([]string)
	list := make([]finding.Finding, min(len(messages), maxMessages))
	for i := range list {
		list[i].Message = messages[i]
		if text := messages[i]; len(text) > maxMessage {
			list[i].Message, list[i].Identity = text[:maxMessage]+"...", []string{text}
		}
	}
	if more := len(messages) - maxMessages; more > 0 {
		verb := "are"
		if more == 1 {
			verb = "is"
		}
		last := &list[maxMessages-1]
		last.Message += fmt.Sprintf("; %d more of this kind %s not shown", more, verb)
		last.Unshown = more
	}
	return list, nil
}
