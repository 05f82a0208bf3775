// Package bench measures klplint as a whole process against the programs that
// read the same files: modinfo, which prints strings, and readelf. Ratios of
// paired runs are what counts; times of one machine say little of another.
//
//	make bench
//
// builds module variants (fixtures/build.sh --bench), makes a corpus of distinct
// modules of them, and prints the table of results beside the goals.
package bench
