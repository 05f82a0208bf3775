package bench

import (
	"fmt"
	"io"
)

// Goal is one comparison of klplint with a peer on the same files that has to
// stay below a limit.
type Goal struct {
	Name  string
	Tool  Program
	Peer  Program
	Files Files
	Wall  bool    // compare wall time instead of CPU
	Limit float64 // the largest median that is good; 0: shown, and no goal
	// Rounds multiplies the pairs of runs: a run over a single file is short.
	Rounds int
}

// PeakGoal is the most memory that any run of klplint may take, in KiB.
const PeakGoal = 64 << 10

// Compare runs the comparisons and writes the medians and quartiles of the pairs'
// ratios. It reports whether all goals were met.
func Compare(w io.Writer, l Launcher, goals []Goal, rounds int) (bool, error) {
	t := table{head: []string{"case", "ratio", "goal", "peak, MiB", ""}}
	good := true
	for i := range goals {
		g := &goals[i]
		if err := g.Files.Warm(); err != nil {
			return false, err
		}
		r, err := l.Pairs(g.Tool, g.Peer, g.Files, rounds*max(1, g.Rounds))
		if err != nil {
			return false, err
		}
		ratio, mark, peak := r.CPU, "", largestPeak(r.First)
		if g.Wall {
			ratio = r.Wall
		}
		limit := ""
		if g.Limit > 0 {
			limit = figure(g.Limit)
		}
		if g.Limit > 0 && ratio.Median > g.Limit || peak > PeakGoal {
			mark, good = "over", false
		}
		t.add(g.Name, ratio.String(), limit, figure(float64(peak)/1024), mark)
	}
	_, err := io.WriteString(w, t.String())
	return good, err
}

// Lint is klplint's check of modules without a kernel, with further arguments.
func Lint(klplint string, args ...string) Program {
	return Program{
		Name: "klplint",
		Argv: append([]string{klplint, "lint", "--kernel=none", "--config=none", "--quiet", "--fail-on=never"}, args...),
	}
}

// Goals are what `make bench` holds klplint to: stripped and debug are the two
// corpora. The goals are about modules that are judged one by one; what comparing
// all of them with each other adds (KLP4xx, on by default) is shown beside them.
func Goals(klplint string, stripped, debug Files) []Goal {
	const alone = "--disable=KLP4*"
	text := Lint(klplint, "--format=text", "-j1")
	textAlone := Lint(klplint, "--format=text", "-j1", alone)
	json := Lint(klplint, "--format=json", "-j1")
	jsonAlone := Lint(klplint, "--format=json", "-j1", alone)
	both := Lint(klplint, "--format=text", "-j2")
	bothAlone := Lint(klplint, "--format=text", "-j2", alone)
	modinfo, readelf := Program{"modinfo", []string{"modinfo"}}, Program{"readelf", []string{"readelf", "-SsrW"}}
	n, d := len(stripped.Names), len(debug.Names)
	return []Goal{
		{Name: fmt.Sprintf("%d stripped, text / modinfo", n), Tool: textAlone, Peer: modinfo, Files: stripped, Limit: 2.4},
		{Name: "the same, compared with each other", Tool: text, Peer: modinfo, Files: stripped},
		{Name: fmt.Sprintf("%d stripped, sha256 and JSON / modinfo", n), Tool: jsonAlone, Peer: modinfo, Files: stripped, Limit: 3.5},
		{Name: "the same, compared with each other", Tool: json, Peer: modinfo, Files: stripped},
		{Name: fmt.Sprintf("%d stripped, text / readelf", n), Tool: textAlone, Peer: readelf, Files: stripped, Limit: 0.25},
		{Name: fmt.Sprintf("%d stripped, JSON / readelf", n), Tool: jsonAlone, Peer: readelf, Files: stripped, Limit: 0.25},
		{Name: fmt.Sprintf("%d stripped, 2 workers / modinfo, wall", n), Tool: bothAlone, Peer: modinfo, Files: stripped, Wall: true, Limit: 1.5},
		{Name: "the same, compared with each other", Tool: both, Peer: modinfo, Files: stripped, Wall: true},
		{Name: fmt.Sprintf("%d with debug data, text / modinfo", d), Tool: textAlone, Peer: modinfo, Files: debug, Limit: 2.6},
		{Name: "the same, compared with each other", Tool: text, Peer: modinfo, Files: debug},
		{Name: "one module, start-up included / modinfo", Tool: text, Peer: modinfo, Files: stripped.First(1), Limit: 4, Rounds: 10},
	}
}
