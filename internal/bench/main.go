//go:build ignore

// Holds klplint to the goals of package bench:
//
//	go run bench/main.go -klplint FILE -launch FILE -variants DIR -work DIR [-n 10000] [-debug 1000] [-rounds 7]
//
// It ends with 1 when a goal is missed, unless -report is given.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/klplint/klplint/internal/bench"
)

func main() {
	log.SetFlags(0)
	klplint := flag.String("klplint", "bin/klplint", "the program to measure")
	launch := flag.String("launch", "", "bench/launch, built")
	variants := flag.String("variants", "", "folder with stripped/ and debug/, as fixtures/build.sh --bench makes it")
	work := flag.String("work", "", "folder for the corpora; kept for the next time")
	n := flag.Int("n", 10000, "modules without debug data")
	debug := flag.Int("debug", 1000, "modules with debug data")
	rounds := flag.Int("rounds", 7, "pairs of runs in each case")
	report := flag.Bool("report", false, "end with 0 even when a goal is missed")
	flag.Parse()

	program, err := filepath.Abs(*klplint) // programs run in the corpus' folder
	if err != nil {
		log.Fatal(err)
	}
	var files [2]bench.Files
	for i, kind := range []string{"stripped", "debug"} {
		count := [...]int{*n, *debug}[i]
		files[i], err = bench.Corpus(filepath.Join(*variants, kind), filepath.Join(*work, kind), count)
		if err != nil {
			log.Fatal(err)
		}
	}
	good, err := bench.Compare(os.Stdout, bench.Launcher{Path: *launch}, bench.Goals(program, files[0], files[1]), *rounds)
	if err != nil {
		log.Fatal(err)
	}
	if !good {
		fmt.Println("a goal is missed")
		if !*report {
			os.Exit(1)
		}
	}
}
