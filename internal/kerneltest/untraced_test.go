package kerneltest

import "testing"

// TestLeftToRules: trace is excused only where an untraced rule says what the
// kernel did.
func TestLeftToRules(t *testing.T) {
	for _, c := range []struct {
		name, module, op, predicted, observed string
		want                                  bool
	}{
		{"refused as the rule says", "KLP121/bad-text-writable", "load", "OK", "ENOEXEC", true},
		{"refused otherwise", "KLP121/bad-text-writable", "load", "OK", "EINVAL", false},
		{"trace says something else", "KLP121/bad-text-writable", "load", "EINVAL", "ENOEXEC", false},
		{"refused later", "KLP121/bad-text-writable", "disable", "OK", "ENOEXEC", false},
		{"crash later", "KLP121/bad-init-no-exec", "disable", "OK", crashed, true},
		{"no rule against it", "KLP121/good", "load", "OK", "ENOEXEC", false},
		{"a rule that trace follows", "KLP114/bad", "load", "OK", "ENOEXEC", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Disagreement{Op: c.op, Module: c.module, Predicted: Answer{Errno: c.predicted}, Observed: Answer{Errno: c.observed}}
			got, err := leftToRules(t.Context(), &d, "../../fixtures/rules", nil)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("%t, want %t", got, c.want)
			}
		})
	}
}
