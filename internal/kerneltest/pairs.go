package kerneltest

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// pairFolders hold fixtures for the rules over several livepatches, two of
// which meet in each folder, in the form that released kernels load.
var pairFolders = []string{"sets/KLP403/", "sets/KLP404/", "sets/KLP405/", "sets/KLP406/", "sets/KLP410/", "sets/KLP411/"}

// proposed reports whether the fixtures of a path have a struct klp_patch that
// the guest's kernel would read otherwise. A number in the place of the flag is
// not among them: the kernel takes its lowest byte for the flag.
func proposed(relative string) bool {
	switch {
	case strings.HasPrefix(relative, "worked-example/"), strings.HasPrefix(relative, "rules/KLP408/"):
		return true
	case strings.HasPrefix(relative, "sets/set-"):
		return false
	case strings.HasPrefix(relative, "sets/"):
		return !slices.ContainsFunc(pairFolders, func(folder string) bool { return strings.HasPrefix(relative, folder) })
	}
	return false
}

// standIns are the fixtures whose replacements stand for functions that a running
// system calls, and do not do their work: they are for reading.
var standIns = []string{
	"static/alias", "static/no-alias",
	"rules/KLP216/bad", "rules/KLP217/bad", "rules/KLP321/", "rules/KLP322/", "rules/KLP323/", "rules/KLP324/", "rules/KLP325/", "rules/KLP326/",
}

// forReading reports whether no kernel is to be asked about the fixture of a path.
func forReading(relative string) bool {
	return proposed(relative) || slices.ContainsFunc(standIns, func(begin string) bool { return strings.HasPrefix(relative, begin) })
}

// addPairs adds for every folder of two fixtures their loads in both orders.
func (s *Suite) addPairs(relatives map[string]string) {
	folders := map[string][]string{}
	for _, relative := range slices.Sorted(maps.Keys(relatives)) {
		folder := path.Dir(relative) + "/"
		if slices.ContainsFunc(pairFolders, func(f string) bool { return strings.HasPrefix(folder, f) }) {
			folders[folder] = append(folders[folder], relatives[relative])
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		keys := folders[folder]
		for _, a := range keys {
			for _, b := range keys {
				if a != b {
					s.scenario("pair_"+a+"_then_"+b[strings.LastIndexByte(b, '+')+1:], "load "+a, "load "+b, "disable "+b, "disable "+a)
				}
			}
		}
	}
}
