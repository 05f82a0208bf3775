//go:build ignore

// Compares klplint with the programs that read the same files, as package bench
// describes, and prints tables in Markdown:
//
//	go run bench/peers/main.go -klplint FILE -test FILE -launch FILE -floor FILE -variants DIR -work DIR
//
// -page puts the tables into a page between its marks, -out into a file of their
// own. -n and the like make smaller corpora, -rounds measures longer.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"

	"github.com/klplint/klplint/internal/bench"
)

func main() {
	log.SetFlags(0)
	var o options
	flag.StringVar(&o.klplint, "klplint", "bin/klplint", "the program to measure")
	flag.StringVar(&o.test, "test", "", "the test of cmd/klplint, built: go test -c")
	flag.StringVar(&o.launch, "launch", "", "bench/launch, built")
	flag.StringVar(&o.floor, "floor", "", "bench/floor, built")
	flag.StringVar(&o.variants, "variants", "", "folder with stripped/ and debug/, as fixtures/build.sh --bench makes it")
	flag.StringVar(&o.work, "work", "", "folder for the corpora; kept for the next time")
	flag.IntVar(&o.stripped, "n", 10_000, "modules without debug data, compared with the peers")
	flag.IntVar(&o.debug, "debug", 1_000, "modules with debug data")
	flag.IntVar(&o.packed, "packed", 300, "modules in each packed format")
	flag.IntVar(&o.scale, "scale", 100_000, "modules at the end of the table of scale; 100,000 take 4 GB of disk, and of memory for the page cache")
	flag.IntVar(&o.rounds, "rounds", 5, "pairs of runs for the largest corpora; smaller ones get more")
	flag.StringVar(&o.out, "out", "", "write the tables to this file too")
	flag.StringVar(&o.page, "page", "", "put the tables into this page")
	flag.Parse()
	parts, err := o.parts()
	if err != nil {
		log.Fatal(err)
	}
	if err := o.write(parts); err != nil {
		log.Fatal(err)
	}
}

type options struct {
	klplint, test, launch, floor   string
	variants, work, out, page      string
	stripped, debug, packed, scale int
	rounds                         int
}

// parts measures everything.
func (o *options) parts() ([]bench.Part, error) {
	for _, path := range []*string{&o.klplint, &o.test, &o.launch, &o.floor, &o.work} {
		var err error
		if *path, err = filepath.Abs(*path); err != nil { // programs run in the corpora's folders
			return nil, err
		}
	}
	progress("corpora")
	stripped, err := bench.Corpus(filepath.Join(o.variants, "stripped"), filepath.Join(o.work, "stripped"), max(o.stripped, o.scale, o.packed))
	if err != nil {
		return nil, err
	}
	debug, err := bench.Corpus(filepath.Join(o.variants, "debug"), filepath.Join(o.work, "debug"), o.debug)
	if err != nil {
		return nil, err
	}
	c := &bench.Comparison{
		Launcher: bench.Launcher{Path: o.launch},
		Klplint:  o.klplint,
		Peers:    bench.Peers(o.floor),
		Rounds:   bench.Rounds(o.rounds),
	}
	packings := bench.Packings()
	parts := []bench.Part{{Name: "programs", Title: "Programs", Text: c.Programs(packings)}}
	for _, m := range []struct {
		name, title string
		measure     func() (string, error)
	}{
		{"stripped", "Modules without debug data", func() (string, error) { return c.Plain(stripped, sizes(o.stripped)) }},
		{"debug", "Modules with debug data", func() (string, error) { return c.Plain(debug, sizes(o.debug)) }},
		{"packed", "Packed modules", func() (string, error) { return c.Packed(stripped.First(o.packed), packings, o.work) }},
		{"options", "klplint's own options", func() (string, error) { return c.Options(stripped.First(o.stripped)) }},
		{"scale", "Scale", func() (string, error) { return c.Scale(stripped.First(o.scale), o.work, o.floor) }},
		{"profile", "Profile", func() (string, error) { return bench.Profile(o.test, stripped.First(o.stripped), o.work) }},
	} {
		progress(m.title)
		text, err := m.measure()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		parts = append(parts, bench.Part{Name: m.name, Title: m.title, Text: text})
	}
	return parts, nil
}

// sizes are those of 1, 1,000 and 10,000 that are less than n, and n.
func sizes(n int) []int {
	all := slices.DeleteFunc([]int{1, 1_000, 10_000}, func(size int) bool { return size >= n })
	return append(all, n)
}

func (o *options) write(parts []bench.Part) error {
	text := bench.Document(parts)
	if _, err := io.WriteString(os.Stdout, text); err != nil {
		return err
	}
	if o.out != "" {
		if err := os.WriteFile(o.out, []byte(text), 0o666); err != nil {
			return err
		}
	}
	if o.page == "" {
		return nil
	}
	page, err := os.ReadFile(o.page)
	if err != nil {
		return err
	}
	fresh, err := bench.Insert(string(page), parts)
	if err != nil {
		return fmt.Errorf("%s: %w", o.page, err)
	}
	return os.WriteFile(o.page, []byte(fresh), 0o666)
}

func progress(what string) { fmt.Fprintln(os.Stderr, "measuring:", what) }
