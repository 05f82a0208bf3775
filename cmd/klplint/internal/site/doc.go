// Package site makes a folder of pages out of a registry: what a farm publishes
// for those who do not run klplint.
//
// Read gathers what the pages show, Folder writes them. How a page looks is
// package report's. The address of a page depends on what it is about alone, so
// that a link to it stays good however often the site is written.
package site
