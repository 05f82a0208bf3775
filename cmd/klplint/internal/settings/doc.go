// Package settings resolves what a run is asked to do: the flags of the command
// line, environment variables, the configuration, and profiles, in this order.
// A command registers the groups of flags that it takes, and reads one value,
// Settings, that says what holds and who says so.
//
// Every error of Resolve is wrong usage or a wrong configuration; those with a
// place in a file are of type *yamldoc.Error.
package settings
