package main

import "github.com/klplint/klplint/cmd/klplint/internal/suggest"

// nearest returns the candidate that a misspelt word most likely meant, or ""
// when none is near.
func nearest(word string, candidates []string) string { return suggest.Nearest(word, candidates) }
