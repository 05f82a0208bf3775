package kerneltest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// writeInitramfs packs init, the script and the modules that the scenarios load.
func (m *Machine) writeInitramfs(path string, suite *Suite, folder string, scenarios []Scenario) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	c := cpio{w: w}
	c.folder("dev")
	c.folder("m")
	c.special("dev/console", 5, 1)
	if err := c.copyFile("init", m.Init); err != nil {
		return err
	}
	packed := map[string]bool{}
	for _, scenario := range scenarios {
		for _, step := range scenario.Steps {
			if step.Op != "load" && step.Op != "hold" || packed[step.Module] {
				continue
			}
			packed[step.Module] = true
			if err := c.copyFile("m/"+step.Module+".ko", filepath.Join(folder, step.Module+".ko")); err != nil {
				return err
			}
		}
	}
	c.file("script", 0o644, []byte(m.script(suite, scenarios)))
	c.trailer()
	if c.err != nil {
		return c.err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// script writes the scenarios as the guest reads them: loads by file, the
// other operations by the module's own name.
func (m *Machine) script(suite *Suite, scenarios []Scenario) string {
	var b strings.Builder
	if suite.Built {
		b.WriteString("owners off\n")
	}
	if m.Snapshot {
		b.WriteString("wait snapshot\n")
	}
	for _, scenario := range scenarios {
		if scenario.Calls {
			b.WriteString("calls on\n")
		}
		fmt.Fprintf(&b, "scenario %s\n", scenario.Name)
		for _, step := range scenario.Steps {
			switch step.Op {
			case "load", "hold":
				fmt.Fprintf(&b, "%s %s.ko\n", step.Op, step.Module)
			case "copy":
				fmt.Fprintf(&b, "copy %s\n", step.Module)
			default:
				fmt.Fprintf(&b, "%s %s\n", step.Op, suite.Modules[step.Module].Name)
			}
		}
		if scenario.Calls {
			b.WriteString("calls off\n")
		}
	}
	return b.String()
}

// cpio writes the "newc" format that the kernel unpacks as its first root
// (Documentation/driver-api/early-userspace/buffer-format.rst). The first
// error sticks.
type cpio struct {
	w   io.Writer
	ino int
	err error
}

func (c *cpio) folder(name string)                  { c.entry(name, 0o040755, 0, 0, nil) }
func (c *cpio) special(name string, major, min int) { c.entry(name, 0o020600, major, min, nil) }
func (c *cpio) file(name string, mode int, data []byte) {
	c.entry(name, 0o100000|mode, 0, 0, data)
}
func (c *cpio) trailer() { c.entry("TRAILER!!!", 0, 0, 0, nil) }

func (c *cpio) copyFile(name, from string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	c.file(name, 0o755, data)
	return nil
}

func (c *cpio) entry(name string, mode, major, minor int, data []byte) {
	if c.err != nil {
		return
	}
	c.ino++
	header := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		c.ino, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(name)+1, 0, name)
	c.pad(header)
	c.pad(string(data))
}

// pad writes text and fills up to a multiple of four bytes.
func (c *cpio) pad(text string) {
	if _, c.err = io.WriteString(c.w, text); c.err != nil {
		return
	}
	if fill := -len(text) & 3; fill > 0 {
		_, c.err = c.w.Write(make([]byte, fill))
	}
}
