// Package bench measures klplint as a whole process against the programs that
// read the same files: modinfo, which prints strings, the readers of ELF files,
// and a floor, which reads the headers alone. Ratios of paired runs are what
// counts; times of one machine say little of another.
//
//	make bench
//	make bench-peers
//
// Both build module variants (fixtures/build.sh --bench) and make corpora of
// distinct modules of them. The first prints results beside the goals and fails
// when one is missed; the second compares with every peer there is and writes the
// tables of docs/performance.md.
package bench
