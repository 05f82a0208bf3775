// Package flags has the kinds of command-line flags that klplint's subcommands
// take beside those of package pflag: lists, words out of a list, severities.
package flags
