package bench

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// Comparison is a run of klplint against its peers.
type Comparison struct {
	Launcher
	Klplint string // path of the program
	Peers   []Peer
	// Rounds says how many pairs of runs a corpus of n modules gets.
	Rounds func(n int) int
}

// Rounds gives the largest corpora base pairs and smaller ones more, since their
// runs are shorter and differ more.
func Rounds(base int) func(n int) int {
	return func(n int) int {
		switch {
		case n >= 10_000:
			return base
		case n >= 100:
			return 3 * base
		default:
			return 15 * base
		}
	}
}

// text is klplint as peers work: one worker, text out. Without a report that
// shows digests it computes none.
func (c *Comparison) text() Program { return Lint(c.Klplint, "--format=text", "-j1") }

// Programs lists the peers with their versions, so that a ratio can be judged.
func (c *Comparison) Programs(packings []Packing) string {
	t := table{head: []string{"program", "what it does", "version"}}
	t.add("klplint", "`lint --kernel=none -j1`: every rule that needs no kernel, text out", runtime.Version()+" "+runtime.GOOS+"/"+runtime.GOARCH)
	for i := range c.Peers {
		p := &c.Peers[i]
		t.add(p.Name, p.Does, p.Version())
	}
	for i := range packings {
		p := &packings[i].Unpacker
		t.add(p.Name, p.Does, p.Version())
	}
	return t.String()
}

// comparedHead are the columns of the tables that Plain and Packed make.
func comparedHead(first string) []string {
	return []string{first, "klplint compared with", "CPU", "wall", "memory"}
}

// Plain compares klplint with each peer on the first 1, 1,000 and so on of the
// files.
func (c *Comparison) Plain(f Files, sizes []int) (string, error) {
	t := table{head: comparedHead("modules")}
	for _, n := range sizes {
		part := f.First(n)
		if err := part.Warm(); err != nil {
			return "", err
		}
		for i := range c.Peers {
			if err := c.row(&t, thousands(n), &c.Peers[i], part); err != nil {
				return "", err
			}
		}
	}
	return t.String(), nil
}

// row measures one pair and adds it to a table.
func (c *Comparison) row(t *table, first string, p *Peer, f Files) error {
	if p.missing {
		t.add(first, p.Name, "missing here", "", "")
		return nil
	}
	r, err := c.Pairs(c.text(), p.Program, f, c.Rounds(len(f.Names)))
	if err != nil {
		return err
	}
	t.add(first, p.Name, r.CPU.String(), r.Wall.String(), r.Peak.String())
	return nil
}

// Packed compares on packed copies of the files, kept below work, with the
// programs that read such files and with unpacking alone.
func (c *Comparison) Packed(f Files, packings []Packing, work string) (string, error) {
	t := table{head: comparedHead("modules")}
	for i := range packings {
		p := &packings[i]
		first := thousands(len(f.Names)) + " " + p.Suffix
		if p.Unpacker.missing {
			t.add(first, p.Unpacker.Name, "missing here", "", "")
			continue
		}
		packed, err := p.Pack(f, filepath.Join(work, "packed"+p.Suffix))
		if err != nil {
			return "", err
		}
		if err := packed.Warm(); err != nil {
			return "", err
		}
		if err := c.row(&t, first, &p.Unpacker, packed); err != nil {
			return "", err
		}
		var blind []string // peers that cannot read the format, in one row
		for j := range c.Peers {
			peer := &c.Peers[j]
			if peer.plainOnly {
				continue
			}
			plain, one := filepath.Join(f.Dir, f.Names[0]), filepath.Join(packed.Dir, packed.Names[0])
			if !peer.missing && !peer.reads(plain, one) {
				blind = append(blind, peer.Name)
				continue
			}
			if err := c.row(&t, first, peer, packed); err != nil {
				return "", err
			}
		}
		if len(blind) > 0 {
			t.add(first, strings.Join(blind, ", "), "cannot read it", "", "")
		}
	}
	return t.String(), nil
}

// Options compares klplint's own ways of working with the plain one.
func (c *Comparison) Options(f Files) (string, error) {
	t := table{head: []string{"klplint lint with", "CPU", "wall", "memory"}}
	for _, args := range [][]string{
		{"--format=text", "-j" + strconv.Itoa(runtime.NumCPU())},
		{"--format=json", "-j1"},
		{"--format=sarif", "-j1"},
	} {
		r, err := c.Pairs(Lint(c.Klplint, args...), c.text(), f, c.Rounds(len(f.Names)))
		if err != nil {
			return "", err
		}
		t.add(fmt.Sprintf("`%s %s`", args[0], args[1]), r.CPU.String(), r.Wall.String(), r.Peak.String())
	}
	return t.String(), nil
}

// thousands writes a count with commas.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
