// Package lint is the driver: it reads modules, gives each to the rules, and
// gathers what they find.
//
// A program that wants its own rules beside klplint's needs no more than
//
//	result, err := lint.Run(ctx, lint.Config{
//		Rules:  append(rules.All(), mine...),
//		Inputs: []lint.Source{{Path: "livepatch.ko", Named: true}},
//	})
//
// The driver knows rules only as analyzers and modules only as klp values: what
// a finding means is a rule's business, how a file is read is package elfread's.
// It decides nothing about policy: severities, waivers and exit codes belong to
// the caller.
package lint
