package flags

import "github.com/klplint/klplint/finding"

// Threshold is a flag for the severity from which on findings count as a
// failure. The zero Threshold means never.
type Threshold finding.Severity

// Set reads the flag's value.
func (t *Threshold) Set(s string) error {
	if s == "never" {
		*t = 0
		return nil
	}
	v, err := finding.ParseSeverity(s)
	if err != nil {
		return Wanted(s, []string{"info", "warning", "error", "never"})
	}
	*t = Threshold(v)
	return nil
}

// String returns what Set reads.
func (t *Threshold) String() string {
	if *t == 0 {
		return "never"
	}
	return finding.Severity(*t).String()
}

// Type is the name of the value in the usage.
func (t *Threshold) Type() string { return "SEVERITY" }
