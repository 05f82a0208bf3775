// Package modfile reads what packages elfread and kernel both ask of a module's
// file: its architecture, its .modinfo and the vermagic in it.
package modfile
