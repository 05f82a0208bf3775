package klp

import "testing"

func TestParseFuncName(t *testing.T) {
	for s, want := range map[string]FuncName{
		"cmdline_proc_show":         {Name: "cmdline_proc_show"},
		"vmlinux:cmdline_proc_show": {Object: "vmlinux", Name: "cmdline_proc_show"},
		"vmlinux:label_show,2":      {Object: "vmlinux", Name: "label_show", Sympos: 2},
		"label_show,0":              {Name: "label_show"},
	} {
		if got, err := ParseFuncName(s); err != nil || got != want {
			t.Errorf("%s: %+v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", ":f", "vmlinux:", "vmlinux:,2", "f,", "f,x", "f,-1", "f,1,2"} {
		if got, err := ParseFuncName(s); err == nil {
			t.Errorf("%q: %+v", s, got)
		}
	}
}
