// Package input turns the arguments of a command into the files to read:
// files, folders, patterns that no shell expanded, and lists of paths.
//
// What cannot be used is returned as an error beside the files that can:
// nothing that a user named is ignored in silence. The package reads no
// modules; it tells files apart by name and type alone.
//
// A package (.rpm, .deb, .tar) that is named, by itself, by a pattern or in a
// list, stands for the modules in it, as a folder does. Packages that are met in
// a folder are ignored: a folder of build results holds the modules
// themselves, and one of packages can be a mirror with many gigabytes to unpack.
package input
