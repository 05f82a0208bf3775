package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Scale shows what a module costs in corpora of growing size. The files' names go
// through lists (@LIST), since a hundred thousand of them are more than a command
// line takes. floor reads the same lists.
func (c *Comparison) Scale(f Files, work, floor string) (string, error) {
	sizes := scaleSizes(len(f.Names))
	lists := make([]Files, len(sizes))
	for i, n := range sizes {
		var err error
		if lists[i], err = list(f.First(n), filepath.Join(work, "scale-"+strconv.Itoa(n)+".list")); err != nil {
			return "", err
		}
	}
	if err := f.Warm(); err != nil {
		return "", err
	}
	runs := make([]Ratios, len(sizes))
	for range c.Rounds(len(f.Names)) {
		// Every size in every round, so that a slow minute slows all of them.
		for i, n := range sizes {
			r, err := c.Pairs(c.text(), Program{"floor", []string{floor}}, lists[i], max(1, min(20, 2000/n)))
			if err != nil {
				return "", err
			}
			runs[i].First = append(runs[i].First, r.First...)
			runs[i].Second = append(runs[i].Second, r.Second...)
		}
	}
	return scaleTable(sizes, runs), nil
}

// scaleSizes are 1, which shows what starting costs, and the powers of ten from
// 100 to n.
func scaleSizes(n int) []int {
	sizes := []int{1}
	for size := 100; size <= n; size *= 10 {
		sizes = append(sizes, size)
	}
	return sizes
}

// list writes the names of files to a list and returns what stands for it on a
// command line.
func list(f Files, path string) (Files, error) {
	if err := os.WriteFile(path, []byte(strings.Join(f.Names, "\n")+"\n"), 0o666); err != nil {
		return Files{}, err
	}
	name, err := filepath.Rel(f.Dir, path)
	return Files{Dir: f.Dir, Names: []string{"@" + name}}, err
}

// scaleTable takes the first size as what starting the process costs and the
// third, 1,000, as what the others are compared with.
func scaleTable(sizes []int, runs []Ratios) string {
	t := table{head: []string{"modules", "CPU a module, µs", "without the start, µs", "1,000 modules = 1", "CPU, klplint / floor", "peak, MiB", "KiB a module"}}
	start, startPeak := middle(runs[0].First, Usage.cpu), middle(runs[0].First, Usage.peak)
	cost := func(i int) float64 {
		return (middle(runs[i].First, Usage.cpu) - start) / float64(sizes[i]-1)
	}
	for i, n := range sizes {
		r := &runs[i]
		cells := []string{
			thousands(n), figure(middle(r.First, Usage.cpu) / float64(n)), "", "",
			r.ratio(Usage.cpu).String(), fmt.Sprintf("%.1f", middle(r.First, Usage.peak)/1024), "",
		}
		if n > 1 {
			cells[2] = figure(cost(i))
			cells[6] = figure((middle(r.First, Usage.peak) - startPeak) / float64(n-1))
		}
		if len(sizes) > 2 && n > 1 {
			cells[3] = figure(cost(i) / cost(2))
		}
		t.add(cells...)
	}
	return t.String()
}
