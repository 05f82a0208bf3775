package kerneltest

import (
	"errors"
	"strings"
	"testing"
)

// TestGuestDies: wherever the guest dies, what it answered before counts, one
// step is the crash, and nothing is left that no kernel answered.
func TestGuestDies(t *testing.T) {
	scenarios := []Scenario{
		{Name: "one", Steps: []Step{{Op: "load", Module: "a"}}},
		{Name: "three", Steps: []Step{{Op: "load", Module: "a"}, {Op: "load", Module: "b"}, {Op: "disable", Module: "a"}}},
	}
	const one = "begin one\nstep 0\nerrno EINVAL\nlog livepatch: no\nend\n"
	const whole = "step 0\nerrno OK\nactive a\nend\nstep 1\nerrno OK\nactive b\nactive a\nowner /proc/version b\nend\nstep 2\nerrno OK\nactive b\nend\n"
	for _, c := range []struct {
		name, records string
		want          string // errnos of the scenarios that were begun
	}{
		{"nothing", "", ""},
		{"before the first step", one + "begin three\n", "EINVAL / CRASH"},
		{"within a step", one + "begin three\nstep 0\nerrno OK\nend\nstep 1\n", "EINVAL / OK CRASH"},
		{"behind an errno", one + "begin three\nstep 0\nerrno OK\nend\nstep 1\nerrno OK\nactive a\n", "EINVAL / OK CRASH"},
		{"between two steps", one + "begin three\nstep 0\nerrno OK\nend\nstep 1\nerrno OK\nend\n", "EINVAL / OK CRASH"},
		{"behind the first step", one + "begin three\nstep 0\nerrno OK\nend\n", "EINVAL / CRASH"},
		{"within a record", one + "begin three\nstep 0\nerrno OK\nend\nste", "EINVAL / CRASH"},
		{"while cleaning up", one + "begin three\n" + whole, "EINVAL / OK OK OK"},
		{"between scenarios", one, "EINVAL"},
		{"stuck", one + "begin three\nstep 0\nerrno OK\nend\nstep 1\nstuck\n", "EINVAL / OK STUCK"},
		{"not at all", one + "begin three\n" + whole + "done\n", "EINVAL / OK OK OK"},
	} {
		t.Run(c.name, func(t *testing.T) {
			suite := &Suite{Modules: map[string]Module{"a": {Name: "a"}, "b": {Name: "b"}}}
			answered, err := collect(strings.NewReader(c.records), suite, scenarios, false, func() {})
			if err != nil {
				t.Fatal(err)
			}
			if got := errnos(answered); got != c.want {
				t.Errorf("answers %q, want %q", got, c.want)
			}
			if len(scenarios[1].Steps) != 3 {
				t.Fatal("the scenario itself was changed")
			}
		})
	}
}

// TestCrashIsNoDifference: a kernel that dies between two steps agrees with a
// prediction that says so, and disagrees by a crash with one that does not.
func TestCrashIsNoDifference(t *testing.T) {
	steps := func(errnos ...string) []Scenario {
		s := Scenario{Name: "s"}
		for _, errno := range errnos {
			s.Steps = append(s.Steps, Step{Op: "load", Module: "a", Answer: Answer{Errno: errno}})
		}
		return []Scenario{s}
	}
	observed, err := collect(strings.NewReader("begin s\nstep 0\nerrno OK\nend\nstep 1\nerrno OK\nend\n"),
		&Suite{}, steps("", "", ""), false, func() {})
	if err != nil {
		t.Fatal(err)
	}
	if list := Compare(steps("OK", crashed), observed); len(list) != 0 {
		t.Errorf("a crash that was predicted is reported: %v", list)
	}
	list := Compare(steps("OK", "OK", "OK"), observed)
	if len(list) != 1 || list[0].Step != 1 || list[0].Observed.Errno != crashed {
		t.Errorf("disagreements %v, want one crash at step 1", list)
	}
}

// TestLuck: a kernel that reads freed memory may come through; anything but a crash
// or that is a difference.
func TestLuck(t *testing.T) {
	for luck, want := range map[bool]int{true: 0, false: 1} {
		through := []Scenario{{Name: "s", Steps: []Step{{Op: "load", Module: "a", Answer: Answer{Errno: "OK", luck: luck}}}}}
		died := []Scenario{{Name: "s", Steps: []Step{{Op: "load", Module: "a", Answer: Answer{Errno: crashed}}}}}
		if list := Compare(through, died); len(list) != want {
			t.Errorf("a crash of a kernel that was foretold to come through, luck %t: %v, want %d differences", luck, list, want)
		}
	}
	for errno, differences := range map[string]int{crashed: 0, "OK": 0, "EINVAL": 1, stuck: 1} {
		for luck, more := range map[bool]int{true: 0, false: 1} {
			predicted := []Scenario{{Name: "s", Steps: []Step{{Op: "load", Module: "a", Answer: Answer{Errno: crashed, luck: luck}}}}}
			observed := []Scenario{{Name: "s", Steps: []Step{
				{Op: "load", Module: "a", Answer: Answer{Errno: errno}}, {Op: "unload", Module: "a", Answer: Answer{Errno: crashed}},
			}}}
			want := differences
			if errno == "OK" {
				want = more
			}
			if list := Compare(predicted, observed); len(list) != want {
				t.Errorf("luck %t, %s: %v, want %d differences", luck, errno, list, want)
			}
		}
	}
}

// TestGuestRecords: a record out of place is an error, not an answer.
func TestGuestRecords(t *testing.T) {
	scenarios := []Scenario{{Name: "one", Steps: []Step{{Op: "load", Module: "a"}}}}
	for _, records := range []string{"step 0\n", "begin two\n", "begin one\nend\n", "begin one\nstep 0\nstep 1\n", "begin one\nstep 0\nwhat\n"} {
		if _, err := collect(strings.NewReader(records), &Suite{}, scenarios, false, func() {}); !errors.Is(err, errRecord) {
			t.Errorf("%q: error %v, want %v", records, err, errRecord)
		}
	}
}

func errnos(answered []Scenario) string {
	var texts []string
	for _, s := range answered {
		var list []string
		for _, step := range s.Steps {
			list = append(list, step.Errno)
		}
		texts = append(texts, strings.Join(list, " "))
	}
	return strings.Join(texts, " / ")
}
