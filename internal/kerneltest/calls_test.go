package kerneltest

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// calls holds what the guest saw when it called patched functions against what
// klplint says of the livepatches, and returns the other scenarios.
func (a *agreement) calls(t *testing.T, suite *Suite, observed []Scenario, work string) []Scenario {
	t.Helper()
	byName := map[string][]Step{}
	for _, s := range observed {
		if strings.HasPrefix(s.Name, "calls_") {
			byName[s.Name] = s.Steps
		}
	}
	if len(byName) != 8 {
		t.Fatalf("%d scenarios with calls were observed", len(byName))
	}
	vmlinux, err := a.known.Object("vmlinux")
	if err != nil {
		t.Fatal(err)
	}
	step := func(name string, n int) Step {
		if len(byName[name]) <= n {
			t.Fatalf("%s: %d steps were observed", name, len(byName[name]))
		}
		return byName[name][n]
	}
	// Each call's result, and whether the step was taken.
	expect := func(name string, n int, want map[string]int) {
		got := step(name, n)
		if got.Errno != "OK" {
			t.Errorf("%s, step %d: %s %q", name, n, got.Errno, got.Messages)
		}
		for call, result := range want {
			if got.Calls[call] != strconv.Itoa(result) {
				t.Errorf("%s, step %d: %s returned %q, want %d", name, n, call, got.Calls[call], result)
			}
		}
	}
	says := func(rule, module string) bool {
		claims, err := Judge(t.Context(), filepath.Join(work, module+".ko"), a.known)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(claims, func(c Claim) bool { return c.Rule == rule })
	}

	// Several names of one function: the last replacement runs for all of them.
	aliases := a.known.Aliases("vmlinux", "__x64_sys_getpid", 0)
	if !slices.Contains(aliases, "__do_sys_getpid") || !slices.Contains(aliases, "__ia32_sys_getpid") {
		t.Fatalf("__x64_sys_getpid has the aliases %q in this kernel", aliases)
	}
	getpid := func(mark int) map[string]int { return map[string]int{"getpid": mark, "getpid32": mark} }
	expect("calls_aliases_stacked", 0, getpid(entryMark))
	expect("calls_aliases_stacked", 1, getpid(bodyMark))
	expect("calls_aliases_stacked", 2, getpid(entryMark))
	// The check of stacks looks behind the end of the list of the function's funcs
	// (klp_check_stack_func), and what it finds there decides whether the transition ends.
	if step("calls_aliases_in_one", 0).Errno != "STUCK" {
		expect("calls_aliases_in_one", 0, getpid(bothMark+1))
	}
	if !says("KLP107", "klp_calls_both") {
		t.Error("KLP107 does not name two names of one function")
	}
	expect("calls_aliases_successor", 0, getpid(entryMark))
	expect("calls_aliases_successor", 1, getpid(bodyMark))
	if active := step("calls_aliases_successor", 1).Active; !slices.Equal(active, []string{"klp_calls_next_body"}) {
		t.Errorf("active behind the successor: %v", active)
	}

	// The other entry of a system call keeps the old code.
	expect("calls_twin", 0, map[string]int{"newuname": unameMark, "newuname32": 0})
	if !says("KLP322", "klp_calls_twin") {
		t.Error("KLP322 does not name the entry that keeps the old code")
	}

	// So do the callers of a clone: statfs(2), where the compiler made one that the
	// image says user_statfs() calls.
	statfs := noStatfs
	for _, clone := range vmlinux.Clones("vfs_statfs") {
		if callers, _ := vmlinux.Callers(clone); slices.Contains(callers, "user_statfs") {
			statfs = 0
		}
	}
	expect("calls_clone", 0, map[string]int{"statfs": statfs})
	if says("KLP321", "klp_calls_clone") != (statfs == 0) {
		t.Errorf("KLP321 and the kernel differ about the clone of vfs_statfs: statfs returned %d", statfs)
	}

	// A call of the function that is replaced comes back.
	if logs := step("calls_back", 2).Messages; !slices.Contains(logs, "klp_calls: came back") {
		t.Errorf("calls_back: %q", logs)
	}
	if !says("KLP216", "klp_calls_back") {
		t.Error("KLP216 does not name the replacement that calls itself")
	}

	// So does each other way to it: a register, the stack, a variable, a table of
	// constants, a function of the module, and an alternative.
	if logs := step("calls_ways", 2).Messages; !slices.Contains(logs, "klp_calls: came back by 7e") {
		t.Errorf("calls_ways: %q", logs)
	}

	// The transition ends for one function and never for the other.
	if step("calls_thread", 0).Held || !step("calls_thread", 2).Held {
		t.Errorf("calls_thread: %+v", byName["calls_thread"])
	}
	if says("KLP323", "klp_calls_harmless") || !says("KLP323", "klp_calls_thread") {
		t.Error("KLP323 does not tell the function that some stack always holds")
	}
	return slices.DeleteFunc(observed, func(s Scenario) bool { return strings.HasPrefix(s.Name, "calls_") })
}
