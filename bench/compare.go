package bench

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// run is what one process used.
type run struct {
	cpu, wall time.Duration // cpu: user and system
	peak      int64         // resident set, KiB
}

// start runs a program to its end. Exit code 1 is fine: klplint found
// something.
func start(argv []string) (run, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	var stderr bytes.Buffer
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return run{}, err
	}
	defer null.Close()
	cmd.Stdout, cmd.Stderr = null, &stderr
	begin := time.Now()
	err = cmd.Run()
	wall := time.Since(begin)
	if err != nil && cmd.ProcessState.ExitCode() != 1 {
		return run{}, fmt.Errorf("%s: %w: %.300s", argv[0], err, stderr.String())
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return run{
		cpu:  time.Duration(usage.Utime.Nano() + usage.Stime.Nano()),
		wall: wall,
		peak: usage.Maxrss,
	}, nil
}

// Case is one comparison of klplint with a peer on the same files.
type Case struct {
	Name  string
	Tool  []string // klplint's arguments before the files
	Peer  []string
	Files []string
	Wall  bool    // compare wall time instead of CPU
	Goal  float64 // the largest ratio that is good
	// Repeat is how often each program runs in one round: one run over a
	// single file is too short to be measured.
	Repeat int
}

// PeakGoal is the most memory that any run of klplint may take, in KiB.
const PeakGoal = 64 << 10

// Compare runs the cases, each in alternating pairs, and writes the medians of
// the pairs' ratios. It reports whether all goals were met.
func Compare(w io.Writer, klplint string, cases []Case, rounds int) (bool, error) {
	fmt.Fprintf(w, "%-44s %7s %7s %10s %10s %9s\n", "case", "ratio", "goal", "klplint", "peer", "peak")
	good := true
	for _, c := range cases {
		var ratios []float64
		var tools, peers []time.Duration
		var peak int64
		for range rounds {
			tool, err := c.round(append([]string{klplint}, c.Tool...), &peak)
			if err != nil {
				return false, err
			}
			peer, err := c.round(c.Peer, nil)
			if err != nil {
				return false, err
			}
			ratios = append(ratios, float64(tool)/float64(peer))
			tools, peers = append(tools, tool), append(peers, peer)
		}
		ratio, mark := median(ratios), ""
		if ratio > c.Goal || peak > PeakGoal {
			mark, good = "  over", false
		}
		fmt.Fprintf(w, "%-44s %7.2f %7.2f %10s %10s %6d MiB%s\n", c.Name, ratio, c.Goal,
			median(tools).Round(10*time.Microsecond), median(peers).Round(10*time.Microsecond), peak>>10, mark)
	}
	return good, nil
}

// round runs one program Repeat times and returns what it took in all.
func (c *Case) round(argv []string, peak *int64) (time.Duration, error) {
	argv = slices.Concat(argv, c.Files)
	var sum time.Duration
	for range max(1, c.Repeat) {
		r, err := start(argv)
		if err != nil {
			return 0, err
		}
		if c.Wall {
			sum += r.wall
		} else {
			sum += r.cpu
		}
		if peak != nil {
			*peak = max(*peak, r.peak)
		}
	}
	return sum, nil
}

func median[T float64 | time.Duration](values []T) T {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// Cases are the goals: stripped and debug are the two corpora.
func Cases(stripped, debug []string) []Case {
	text := []string{"lint", "-j1", "--kernel=none", "--quiet", "--fail-on=never", "--format=text"}
	json := []string{"lint", "-j1", "--kernel=none", "--quiet", "--fail-on=never", "--format=json"}
	both := []string{"lint", "-j2", "--kernel=none", "--quiet", "--fail-on=never", "--format=text"}
	modinfo, readelf := []string{"modinfo"}, []string{"readelf", "-SsrW"}
	n, d := len(stripped), len(debug)
	return []Case{
		{Name: fmt.Sprintf("%d stripped, text / modinfo", n), Tool: text, Peer: modinfo, Files: stripped, Goal: 2.4},
		{Name: fmt.Sprintf("%d stripped, sha256 and JSON / modinfo", n), Tool: json, Peer: modinfo, Files: stripped, Goal: 3.5},
		{Name: fmt.Sprintf("%d stripped, text / readelf", n), Tool: text, Peer: readelf, Files: stripped, Goal: 0.25},
		{Name: fmt.Sprintf("%d stripped, JSON / readelf", n), Tool: json, Peer: readelf, Files: stripped, Goal: 0.25},
		{Name: fmt.Sprintf("%d stripped, 2 workers / modinfo, wall", n), Tool: both, Peer: modinfo, Files: stripped, Wall: true, Goal: 1.5},
		{Name: fmt.Sprintf("%d with debug data, text / modinfo", d), Tool: text, Peer: modinfo, Files: debug, Goal: 2.6},
		{Name: "one module, start-up included / modinfo", Tool: text, Peer: modinfo, Files: stripped[:1], Goal: 4, Repeat: 50},
	}
}
