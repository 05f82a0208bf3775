package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/replace"
)

// resolve is Resolve for lint's flags in a folder with this configuration.
func resolve(t *testing.T, file string, env map[string]string, args ...string) (*Settings, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if file != "" {
		if err := os.WriteFile(".klplint.yaml", []byte(file), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var f Flags
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	f.AddLint(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return Resolve(fs, &f, func(name string) string { return env[name] })
}

// A flag goes before a variable, a variable before the file, the file before a
// profile, and each says so.
func TestPrecedence(t *testing.T) {
	for _, test := range []struct {
		name, file string
		env        map[string]string
		args       []string
		want       finding.Severity
		origin     string
	}{
		{"default", "", nil, nil, finding.Error, "default"},
		{"profile", "profiles: [strict]\n", nil, nil, finding.Warning, "profile"},
		{"file", "profiles: [strict]\nfail-on: info\n", nil, nil, finding.Info, ".klplint.yaml:2"},
		{"variable", "fail-on: info\n", map[string]string{"KLPLINT_FAIL_ON": "never"}, nil, 0, "KLPLINT_FAIL_ON"},
		{"flag", "fail-on: info\n", map[string]string{"KLPLINT_FAIL_ON": "never"}, []string{"--fail-on=warning"}, finding.Warning, "--fail-on"},
		{"no file", "fail-on: info\n", nil, []string{"--config=none"}, finding.Error, "default"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := resolve(t, test.file, test.env, test.args...)
			if err != nil {
				t.Fatal(err)
			}
			if s.FailOn != test.want || s.Policy.FailOn != test.want {
				t.Errorf("fails on %v, policy on %v, want %v", s.FailOn, s.Policy.FailOn, test.want)
			}
			for _, v := range s.Keys {
				if v.Key.Name == "fail-on" && v.Origin != test.origin {
					t.Errorf("said by %s, want %s", v.Origin, test.origin)
				}
			}
		})
	}
}

// A profile adds to what the other sources choose.
func TestProfileAdds(t *testing.T) {
	s, err := resolve(t, "enable: [KLP506]\nshared-funcs: [f]\nkernels: [k/vmlinux]\nseverity: {KLP505: info}\n", nil, "--profile=suse", "--model=mainline", "--assume-fix=sympos01")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"KLP506", "KLP505", "KLP581"}, s.Enable); diff != "" {
		t.Errorf("enabled (-want +got):\n%s", diff)
	}
	o := s.SetOptions()
	if diff := cmp.Diff([]string{"f", "vmlinux:*newuname"}, o.SharedFuncs); diff != "" {
		t.Errorf("shared funcs (-want +got):\n%s", diff)
	}
	if s.Policy.Severity["KLP505"] != finding.Info {
		t.Errorf("KLP505 is %v", s.Policy.Severity["KLP505"])
	}
	if diff := cmp.Diff(Kernel{Paths: []string{filepath.Join("k", "vmlinux")}}, s.Kernel); diff != "" {
		t.Errorf("kernel (-want +got):\n%s", diff)
	}
	if len(s.Model.Models) != 1 || s.Model.Models[0].Name() != replace.NameMainline || !s.Model.Sympos01 {
		t.Errorf("model %+v", s.Model)
	}
	var chosen []string
	for _, r := range s.Policy.Rules {
		if strings.HasPrefix(r.ID(), "KLP58") {
			chosen = append(chosen, r.ID())
		}
	}
	if diff := cmp.Diff([]string{"KLP581", "KLP582"}, chosen); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

func TestResolveRefuses(t *testing.T) {
	for _, test := range []struct {
		want, file string
		args       []string
	}{
		{"--model: ", "", []string{"--model=mainlien"}},
		{"did you mean mainline?", "", []string{"--model=mainlien"}},
		{"--assume-fix x: ", "", []string{"--assume-fix=x"}},
		{"--kernel none together with --kernel a", "", []string{"--kernel=a", "--kernel=none"}},
		{"--kernel none together with --kernel none", "", []string{"--kernel=none", "--kernel=none"}},
		{"--profile kpach: want kpatch, klp-build, suse or strict; did you mean kpatch?", "", []string{"--profile=kpach"}},
		{"conflicts with another profile, whose toolchain is a different one", "", []string{"--profile=kpatch,suse"}},
		{"--shared-func [: ", "", []string{"--shared-func=["}},
		{"--only and --disable leave no rule", "", []string{"--disable=*"}},
		{"--require KLP505: the rule is not enabled", "", []string{"--require=KLP505"}},
		{"--require KLP999: no rule has the ID", "", []string{"--require=KLP999"}},
		{"--severity KLP505: want ID=SEVERITY", "", []string{"--severity=KLP505"}},
		{".klplint.yaml:1:1: ", "colour: mainline\n", nil},
		{"known findings: ", "", []string{"--known=missing.json"}},
	} {
		_, err := resolve(t, test.file, nil, test.args...)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q %q: error %v, want %q", test.file, test.args, err, test.want)
		}
	}
}

// A command without the flags of a configuration reads none.
func TestWithoutConfiguration(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile(".klplint.yaml", []byte("no configuration"), 0o666); err != nil {
		t.Fatal(err)
	}
	var f Flags
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	f.AddModel(fs, true)
	f.AddInputs(fs)
	if err := fs.Parse([]string{"--model=all", "-z"}); err != nil {
		t.Fatal(err)
	}
	s, err := Resolve(fs, &f, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	if !s.Model.All() || len(s.Model.Models) != len(replace.All()) || !s.Inputs.NUL || s.File != "" {
		t.Errorf("%+v", s)
	}
}
