package klp

import "testing"

func TestReplaceString(t *testing.T) {
	for _, tt := range []struct {
		r    Replace
		want string
	}{
		{Replace{Kind: KindFlag, Flag: true}, "replace"},
		{Replace{Kind: KindFlag}, "no replace"},
		{Replace{Kind: KindFlag, Source: FromRuntime}, "replace decided at run time"},
		{Replace{Kind: KindSet, Set: 4294967295}, "set 4294967295"},
		{Replace{Kind: KindSet, Set: 2, Supersedes: []uint32{1, 3}}, "set 2 supersedes {1,3}"},
		{Replace{Kind: KindSet, Set: 2, Supersedes: []uint32{}}, "set 2 supersedes {}"},
		{Replace{Kind: KindSets, Sets: []uint32{1, 2}}, "sets {1,2}"},
		{Replace{Kind: KindSets}, "sets {}"},
		{Replace{Kind: KindSets, SetsNull: true}, "sets NULL"},
		{Replace{Kind: KindUnknown}, "unknown"},
		{Replace{Kind: KindUnknown, Source: FromRuntime}, "decided at run time"},
	} {
		if got := tt.r.String(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.r, got, tt.want)
		}
	}
}
