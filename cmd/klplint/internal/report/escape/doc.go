// Package escape makes strings of a module, which are hostile until shown
// otherwise, harmless for the terminal that shows them.
package escape
