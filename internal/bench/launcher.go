package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// Usage is what one process took.
type Usage struct {
	CPU, Wall time.Duration // CPU: user and system
	Peak      int64         // resident set, KiB
}

// Program is something to run over files.
type Program struct {
	Name string   // as tables show it
	Argv []string // the program, by name or absolute path, and its arguments before the files
}

// Launcher runs programs through the command launch, which measures them.
type Launcher struct {
	Path string // of the built bench/launch
}

// Run runs a program once over the files. Exit code 1 is fine: it found
// something.
func (l Launcher) Run(p Program, f Files) (Usage, error) {
	path, err := exec.LookPath(p.Argv[0]) // launch looks nothing up
	if err != nil {
		return Usage{}, err
	}
	cmd := exec.Command(l.Path, path)
	cmd.Args = append(append(cmd.Args, p.Argv[1:]...), f.Names...)
	cmd.Dir = f.Dir
	// Peers shall not spend time on translations, nor on characters' widths.
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return Usage{}, fmt.Errorf("%s: %w: %.300s", p.Name, err, stderr.String())
	}
	var user, system, wall, peak int64
	var code int
	if _, err := fmt.Sscan(stdout.String(), &user, &system, &wall, &peak, &code); err != nil {
		return Usage{}, fmt.Errorf("%s: launch printed %q: %w", p.Name, stdout.String(), err)
	}
	if code != 0 && code != 1 {
		return Usage{}, fmt.Errorf("%s: exit code %d: %.300s", p.Name, code, stderr.String())
	}
	return Usage{
		CPU:  time.Duration(user+system) * time.Microsecond,
		Wall: time.Duration(wall) * time.Microsecond,
		Peak: peak,
	}, nil
}
