package bench

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
)

// Peer is a program that reads the same files as klplint, for other ends.
type Peer struct {
	Program
	Does    string   // what it does with a module, for the reader of a table
	version []string // the arguments that make it print its version
	missing bool
	// plainOnly: not asked about packed files, where unpacking is the floor.
	plainOnly bool
}

// Peers are what klplint is compared with; floor is the built bench/floor. One
// that this machine lacks is in the list and marked.
func Peers(floor string) []Peer {
	peers := []Peer{
		{Program: Program{"floor", []string{floor}}, Does: "open, stat, read the headers, close (bench/floor)", plainOnly: true},
		{Program: Program{"modinfo", []string{"modinfo"}}, Does: "print the strings of .modinfo", version: []string{"-V"}},
		{Program: Program{"readelf -SsrW", []string{"readelf", "-SsrW"}}, Does: "print sections, symbols and relocations", version: []string{"--version"}},
		{Program: Program{"eu-readelf -Ssr", []string{"eu-readelf", "-S", "-s", "-r"}}, Does: "the same, elfutils", version: []string{"--version"}},
		{Program: Program{"eu-elflint", []string{"eu-elflint"}}, Does: "check the file against the ELF specification", version: []string{"--version"}},
		{Program: Program{"nm", []string{"nm"}}, Does: "print sorted symbols", version: []string{"--version"}},
	}
	for i := range peers {
		peers[i].find()
	}
	return peers
}

// find notes whether the program is there.
func (p *Peer) find() {
	_, err := exec.LookPath(p.Argv[0])
	p.missing = err != nil
}

// Version is the first line that the program prints about itself.
func (p *Peer) Version() string {
	switch {
	case p.missing:
		return "**missing on this machine**"
	case p.version == nil:
		return ""
	}
	out, err := exec.Command(p.Argv[0], p.version...).Output()
	if err != nil {
		return "no version: " + err.Error()
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.Trim(line, "* ") // zstd's has a frame
}

// reads reports whether the program finds as much in a packed file as in the
// same module unpacked, judged by the lines that it prints: exit codes and
// messages about files that a program cannot read have no common form.
func (p *Peer) reads(plain, packed string) bool {
	n := p.lines(plain)
	return n > 0 && p.lines(packed) == n
}

func (p *Peer) lines(path string) int {
	cmd := exec.Command(p.Argv[0], append(p.Argv[1:len(p.Argv):len(p.Argv)], path)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, _ := cmd.Output() // eu-elflint ends with 1 for good modules too
	return bytes.Count(out, []byte("\n"))
}
