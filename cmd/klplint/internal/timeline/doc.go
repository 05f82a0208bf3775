// Package timeline draws traces as a picture (SVG): a panel for each trace, a
// lane for each livepatch, time from left to right in steps. A bar is drawn
// while a livepatch is active; its colour and its pattern both tell the set,
// which also stands written in it. A cross marks a refusal, the end of a
// replaced livepatch, or a crash, and a word beside it says which.
//
// The picture needs no script, no font and no other file, and equal traces
// give equal bytes. Names out of modules are escaped.
package timeline
