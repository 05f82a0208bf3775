package rules

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

// Two names of one address are one func to whatever the kernel keys on the
// address, and two where it compares names.
func TestAliasesAcrossModules(t *testing.T) {
	k := kernelWith(t, "System.map", relatedNames)
	known := moduleset.Options{Target: k}
	sets := moduleset.Options{Target: k, Model: "replace-set"}
	x64, body := "__x64_sys_getpid", "__do_sys_getpid"
	cases := []setCase{
		{
			name: "stacked", rule: klp401, options: known,
			set:  []sample{old(sample{name: "a", replace: flag(false), funcs: x64}), {name: "b", replace: flag(false), funcs: body}},
			want: []string{"warning b: both patch vmlinux:__do_sys_getpid, the same code as vmlinux:__x64_sys_getpid,"},
		},
		{name: "stacked, nothing known", rule: klp401, set: []sample{old(sample{name: "a", replace: flag(false), funcs: x64}), {name: "b", replace: flag(false), funcs: body}}},
		{name: "another position", rule: klp401, options: known, set: []sample{old(sample{name: "a", replace: flag(false), funcs: x64 + ",2"}), {name: "b", replace: flag(false), funcs: body}}},
		{
			name: "in other sets by other names", rule: klp401, options: sets,
			set:  []sample{old(sample{name: "a", replace: number(1), funcs: x64}), {name: "b", replace: number(2), funcs: body}},
			want: []string{"warning b: names are compared, so that both load"},
		},
		{
			name: "in other sets by one name too", rule: klp401, options: sets,
			set:  []sample{old(sample{name: "a", replace: number(1), funcs: x64 + " foo"}), {name: "b", replace: number(2), funcs: body + " foo"}},
			want: []string{"error b: both patch vmlinux:foo: | EINVAL"},
		},
		{name: "successor by the alias", rule: klp404, options: known, set: []sample{old(sample{name: "a-1", replace: flag(true), funcs: x64}), {name: "a-2", replace: flag(true), funcs: body}}},
		{
			name: "successor by the alias, nothing known", rule: klp404,
			set:  []sample{old(sample{name: "a-1", replace: flag(true), funcs: x64}), {name: "a-2", replace: flag(true), funcs: body}},
			want: []string{"error a-2: does not patch vmlinux:__x64_sys_getpid"},
		},
		{name: "sympos of another name", rule: klp405, options: known, set: []sample{old(sample{name: "a-1", replace: flag(true), funcs: x64 + ",1"}), {name: "a-2", replace: flag(true), funcs: body}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.check(t, c.set) })
	}
}

func TestAliasesInOneModule(t *testing.T) {
	k := kernelWith(t, "System.map", relatedNames)
	for _, c := range []struct {
		file string
		want string // in the only message, "" for none
	}{
		{"no-alias.ko", ""},
		{"alias.ko", "vmlinux:__do_sys_getpid is the same code as vmlinux:__x64_sys_getpid, which is listed too"},
	} {
		m, err := elfread.Open(filepath.Join("..", "fixtures", "static", c.file), elfread.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := judge(t, klp107, m, nil); len(got) > 0 {
			t.Errorf("%s without a kernel: %+v", c.file, got)
		}
		klp.FindAliases(m, k)
		got, _ := judge(t, klp107, m, nil)
		switch {
		case c.want == "" && len(got) == 0:
		case c.want == "" || len(got) != 1 || !strings.Contains(got[0].Message, c.want):
			t.Errorf("%s: %+v, want %q", c.file, got, c.want)
		case got[0].Severity != 0 && got[0].Severity != finding.Error:
			t.Errorf("%s is %v", c.file, got[0].Severity)
		}
	}
}
