package bench

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// build compiles programs of this repository and returns their paths.
func build(t *testing.T, sources ...string) []string {
	t.Helper()
	dir := t.TempDir()
	paths := make([]string, len(sources))
	for i, source := range sources {
		paths[i] = filepath.Join(dir, "program"+string(rune('a'+i)))
		if out, err := exec.Command("go", "build", "-o", paths[i], source).CombinedOutput(); err != nil {
			t.Fatalf("go build %s: %v\n%s", source, err, out)
		}
	}
	return paths
}

// TestPairs: the programs run in turn, and a run that fails is no result.
func TestPairs(t *testing.T) {
	l := Launcher{Path: build(t, "launch/main.go")[0]}
	f := Files{Dir: t.TempDir(), Names: []string{"x", "y"}}
	shell := func(script string) Program { return Program{script, []string{"/bin/sh", "-c", script, "sh"}} }

	r, err := l.Pairs(shell("echo a $* >>log"), shell("echo b >>log; exit 1"), f, 3)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(f.Dir, "log"))
	if want := strings.Repeat("a x y\nb\n", 3); err != nil || string(log) != want {
		t.Errorf("order of runs: %q, %v", log, err)
	}
	for _, u := range append(r.First, r.Second...) {
		if u.Wall <= 0 || u.Peak <= 0 {
			t.Errorf("nothing was measured: %+v", u)
		}
	}
	for _, script := range []string{"exit 2", "kill -9 $$"} {
		if _, err := l.Run(shell(script), f); err == nil || !strings.Contains(err.Error(), "exit code") {
			t.Errorf("%s: %v", script, err)
		}
	}
	if _, err := l.Run(Program{"none", []string{"/no/such/program"}}, f); err == nil {
		t.Error("no error for a program that is not there")
	}
}

// TestComparison makes every table once over three modules, with whatever peers
// there are.
func TestComparison(t *testing.T) {
	programs := build(t, "launch/main.go", "floor/main.go", "../../cmd/klplint")
	work := t.TempDir()
	f, err := Corpus("../../fixtures/static/6.1", filepath.Join(work, "corpus"), 3)
	if err != nil {
		t.Fatal(err)
	}
	c := &Comparison{
		Launcher: Launcher{Path: programs[0]},
		Klplint:  programs[2],
		Peers:    Peers(programs[1]),
		Rounds:   func(int) int { return 1 },
	}
	none := Peer{Program: Program{"no-such-peer", []string{"no-such-peer"}}}
	none.find()
	c.Peers = append(c.Peers, none)

	packings := Packings()
	for name, table := range map[string]func() (string, error){
		"programs": func() (string, error) { return c.Programs(packings), nil },
		"plain":    func() (string, error) { return c.Plain(f, []int{1, 3}) },
		"packed":   func() (string, error) { return c.Packed(f, packings, work) },
		"options":  func() (string, error) { return c.Options(f) },
		"scale":    func() (string, error) { return c.Scale(f, work, programs[1]) },
	} {
		text, err := table()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		t.Logf("%s\n%s", name, text)
		for line := range strings.Lines(text) {
			if strings.Count(line, "|") != strings.Count(text[:strings.Index(text, "\n")], "|") {
				t.Errorf("%s: %q has other columns than the head", name, line)
			}
		}
		if strings.Contains(text, work) || strings.Contains(text, "NaN") {
			t.Errorf("%s: a path or no number in\n%s", name, text)
		}
		if (name == "programs" || name == "plain") && !strings.Contains(text, "no-such-peer") || name == "packed" && !strings.Contains(text, "missing here") {
			t.Errorf("%s: a missing peer is left out", name)
		}
	}
}

// TestScaleTable: the start is taken off, and what 1,000 modules cost is one.
func TestScaleTable(t *testing.T) {
	runs := func(ms time.Duration, peak int64) Ratios {
		return Ratios{
			First:  []Usage{{CPU: ms * time.Millisecond, Peak: peak}},
			Second: []Usage{{CPU: 10 * time.Millisecond, Peak: 1}},
		}
	}
	text := scaleTable([]int{1, 100, 1_000}, []Ratios{runs(5, 8_192), runs(104, 9_182), runs(2_003, 18_182)})
	want := "| 1       | 5000             |                       |                   | 0.50 (0.50–0.50)     | 8.0       |              |\n" +
		"| 100     | 1040             | 1000                  | 0.50              | 10.4 (10.4–10.4)     | 9.0       | 10.0         |\n" +
		"| 1,000   | 2003             | 2000                  | 1.00              | 200 (200–200)        | 17.8      | 10.0         |\n"
	if !strings.HasSuffix(text, want) {
		t.Errorf("got\n%swant\n%s", text, want)
	}
}

func TestFloor(t *testing.T) {
	programs := build(t, "launch/main.go", "floor/main.go")
	l, floor := Launcher{Path: programs[0]}, Program{"floor", programs[1:]}
	dir := t.TempDir()
	for name, content := range map[string]string{"text": "not an ELF file", "empty": "", "cut": "\x7fELF\x02\x01" + strings.Repeat("\xff", 58)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Run(floor, Files{Dir: dir, Names: []string{name}}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	f := Files{Dir: "../../fixtures/static", Names: []string{"many.ko", "debug.ko"}}
	if _, err := l.Run(floor, f); err != nil {
		t.Error(err)
	}
}
