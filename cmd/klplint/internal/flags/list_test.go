package flags

import (
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

// A value of several lines is refused: of `--channel "$CHANNELS"` the first line
// alone would count.
func TestSlice(t *testing.T) {
	for _, tt := range []struct {
		value string
		want  []string // nil for an error
	}{
		{"a", []string{"a"}},
		{"a,b", []string{"a", "b"}},
		{`"a,b",c`, []string{"a,b", "c"}},
		{"a\n", []string{"a"}},
		{"a\nb", nil},
		{`"a`, nil},
	} {
		fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
		var got []string
		Slice(fs, &got, "channel", "")
		if err := fs.Parse([]string{"--channel", tt.value}); (err != nil) != (tt.want == nil) || !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, %v", tt.value, got, err)
		}
	}
}
