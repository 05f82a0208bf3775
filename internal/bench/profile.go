package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Profile shows where the CPU time of klplint's command goes over the files: test
// is the built test of cmd/klplint, whose benchmark runs the same code as the
// program but for the start of its process.
func Profile(test string, f Files, work string) (string, error) {
	names := make([]string, len(f.Names))
	for i, name := range f.Names {
		names[i] = filepath.Join(f.Dir, name)
	}
	modules, cpu := filepath.Join(work, "profile.list"), filepath.Join(work, "profile.cpu")
	if err := os.WriteFile(modules, []byte(strings.Join(names, "\n")+"\n"), 0o666); err != nil {
		return "", err
	}
	cmd := exec.Command(test, "-test.run=^$", "-test.bench=^BenchmarkLint$", "-test.benchtime=10x", "-test.cpuprofile="+cpu)
	cmd.Env = append(os.Environ(), "KLPLINT_BENCH="+modules)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("benchmark of cmd/klplint: %w: %.2000s", err, out)
	}
	self, err := top(test, cpu)
	if err != nil {
		return "", err
	}
	whole, err := top(test, cpu, "-cum", "-show="+project)
	if err != nil {
		return "", err
	}
	own := table{head: []string{"CPU", "function alone"}}
	for _, l := range self[:min(12, len(self))] {
		if l.flat != "0%" {
			own.add(l.flat, l.name)
		}
	}
	below := table{head: []string{"CPU", "function of klplint with what it calls"}}
	for _, l := range whole {
		// What lies around all of the work says nothing of where it is done.
		if l.share() < 90 && len(below.rows) < 20 {
			below.add(l.cum, l.name)
		}
	}
	return own.String() + "\n" + below.String(), nil
}

const project = "github.com/klplint/klplint/"

// topLine is a function in the list of pprof -top, with its shares of all.
type topLine struct {
	flat, cum, name string // "12.34%"
}

// share is the share with what the function calls, in percent; 0 where pprof
// printed none.
func (l *topLine) share() float64 {
	percent, _ := strconv.ParseFloat(strings.TrimSuffix(l.cum, "%"), 64)
	return percent
}

func top(program, profile string, args ...string) ([]topLine, error) {
	args = append([]string{"tool", "pprof", "-top", "-nodecount=200"}, args...)
	out, err := exec.Command("go", append(args, program, profile)...).Output()
	if err != nil {
		return nil, fmt.Errorf("go tool pprof: %w", err)
	}
	lines := topLines(string(out))
	if len(lines) == 0 {
		return nil, fmt.Errorf("go tool pprof printed no functions: %.300q", out)
	}
	return lines, nil
}

// topLines parses pprof -top: lines of flat, flat%, sum%, cum, cum% and a name
// below the line that says so.
func topLines(out string) []topLine {
	var lines []topLine
	_, list, _ := strings.Cut(out, "flat%")
	_, list, _ = strings.Cut(list, "\n")
	for line := range strings.Lines(list) {
		field := strings.Fields(line)
		if len(field) < 6 {
			continue
		}
		name := strings.Join(field[5:], " ")
		name = strings.TrimSuffix(strings.ReplaceAll(name, project, ""), " (inline)")
		lines = append(lines, topLine{flat: field[1], cum: field[4], name: "`" + name + "`"})
	}
	return lines
}
