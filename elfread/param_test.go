package elfread_test

import (
	"path/filepath"
	"testing"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/fixtures"
	"github.com/klplint/klplint/klp"
)

// The parameter that decides replace is told, with what it is by default.
func TestReplaceParam(t *testing.T) {
	for file, want := range map[string]string{
		"replace-param.ko":      "replace (bool, 0 by default)",
		"replace-param-true.ko": "replace (bool, 1 by default)",
		"replace.ko":            "",
	} {
		m, err := elfread.Open(filepath.Join(fixtures.Dir(), "static", file), elfread.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if m.Replace.Param != nil {
			got = m.Replace.Param.String()
		}
		if got != want {
			t.Errorf("%s: parameter %q, want %q", file, got, want)
		}
	}
}

func TestReplaceParamOfModinfo(t *testing.T) {
	for want, entries := range map[string][]string{
		"replace (int)": {"debug:bool", "replace:int", "name:charp"},
		"mode (uint)":   {"mode:uint", "name:charp"},
		"":              {"a:bool", "b:bool"},
	} {
		var m klp.Modinfo
		for _, e := range entries {
			m.Entries = append(m.Entries, klp.ModinfoEntry{Key: "parmtype", Value: e})
		}
		got := ""
		if p := m.ReplaceParam(); p != nil {
			got = p.String()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", entries, got, want)
		}
	}
}
