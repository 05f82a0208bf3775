// Package exitcode names the exit codes of klplint, the same for every
// subcommand and format. The larger one outranks the smaller.
package exitcode

// The exit codes.
const (
	OK        = 0   // everything was checked, nothing at or above --fail-on
	Findings  = 1   // findings at or above --fail-on
	Unchecked = 2   // something could not be checked, or the report not written
	Usage     = 3   // wrong usage or configuration, found before any work
	Signal    = 128 // and the number of the signal that ended the process
)
