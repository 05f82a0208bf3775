package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Packing is a format in which distributions ship modules, made with the options
// of the kernel's own scripts/Makefile.modinst.
type Packing struct {
	Suffix   string
	pack     []string // replaces the files that it is given by packed ones
	Unpacker Peer     // unpacks to stdout and does nothing else
}

// Packings are the formats that klplint reads.
func Packings() []Packing {
	packings := []Packing{
		{Suffix: ".gz", pack: []string{"gzip", "-n", "-9", "-f"}, Unpacker: unpacker("gzip", "-dc")},
		{Suffix: ".xz", pack: []string{"xz", "--check=crc32", "--lzma2=dict=1MiB", "-f"}, Unpacker: unpacker("xz", "-dc")},
		{Suffix: ".zst", pack: []string{"zstd", "-q", "-19", "--rm", "-f"}, Unpacker: unpacker("zstd", "-q", "-dc")},
	}
	for i := range packings {
		packings[i].Unpacker.find()
	}
	return packings
}

func unpacker(argv ...string) Peer {
	return Peer{
		Program: Program{argv[0] + " -dc", argv},
		Does:    "unpack, and nothing else",
		version: []string{"--version"},
	}
}

// Pack writes packed copies of the files to the folder to. Files that are there
// already are kept.
func (p *Packing) Pack(f Files, to string) (Files, error) {
	packed := Files{Dir: to}
	if err := os.MkdirAll(to, 0o777); err != nil {
		return Files{}, err
	}
	var fresh []string
	for _, name := range f.Names {
		packed.Names = append(packed.Names, name+p.Suffix)
		if _, err := os.Stat(filepath.Join(to, name+p.Suffix)); err == nil {
			continue
		}
		content, err := os.ReadFile(filepath.Join(f.Dir, name))
		if err != nil {
			return Files{}, err
		}
		if err := os.WriteFile(filepath.Join(to, name), content, 0o666); err != nil {
			return Files{}, err
		}
		fresh = append(fresh, name)
	}
	if len(fresh) == 0 {
		return packed, nil
	}
	cmd := exec.Command(p.pack[0], append(p.pack[1:len(p.pack):len(p.pack)], fresh...)...)
	cmd.Dir = to
	if out, err := cmd.CombinedOutput(); err != nil {
		return Files{}, fmt.Errorf("%s: %w: %.300s", p.pack[0], err, out)
	}
	return packed, nil
}
