package lint

import (
	"fmt"
	"testing"

	"github.com/klplint/klplint/rules"
)

// All default rules of one module over a clean module with 20 funcs: the
// driver's own part of the cost of a module.
func BenchmarkCleanModule(b *testing.B) {
	m := module("a.ko", "f")
	o := &m.Patch.Objects[0]
	for i := range 19 {
		f := o.Funcs[0]
		f.Name = fmt.Sprint("function_", i)
		o.Funcs = append(o.Funcs, f)
	}
	chosen, err := rules.Select(moduleRules(), nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	s, err := newSchedule(chosen)
	if err != nil {
		b.Fatal(err)
	}
	r := newRunner(s.module)
	b.ReportAllocs()
	for b.Loop() {
		if j := r.module(m, nil, true); len(j.findings)+len(j.errors) > 0 {
			b.Fatalf("%+v", j)
		}
	}
}
