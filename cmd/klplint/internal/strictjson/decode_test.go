package strictjson

import (
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{`{"a": 1}`, ""},
		{"{\"a\": 1}\n\n", ""},
		{"", "line 1: EOF"},
		{"{\"a\":\n}", "line 2: invalid character"},
		{"{\n\"a\": \"x\"}", "line 2: json: cannot unmarshal"},
		{"{\n\"b\": 1}", "unknown field"},
		{"{\"a\": 1}\n{}", "line 2: trailing data"},
	} {
		var v struct {
			A int `json:"a"`
		}
		err := Decode([]byte(test.in), &v)
		if test.want == "" {
			if err != nil || v.A != 1 {
				t.Errorf("%q: %v, %d", test.in, err, v.A)
			}
		} else if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: error %v, want %q", test.in, err, test.want)
		}
	}
}
