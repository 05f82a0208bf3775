package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// TestManPages renders the man pages. With KLPLINT_MAN they stay in that
// folder: packaging/dist.sh makes them so. cobra/doc is imported by this test
// alone, so that the command does not carry it.
func TestManPages(t *testing.T) {
	dir := t.TempDir()
	if keep := os.Getenv("KLPLINT_MAN"); keep != "" {
		dir = keep
	}
	root := newRootCommand(newApp(nil, nil, nil))
	var date time.Time // the pages say no other day than the source's
	if s := os.Getenv("SOURCE_DATE_EPOCH"); s != "" {
		epoch, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		date = time.Unix(epoch, 0).UTC()
	} else {
		date = time.Unix(0, 0).UTC()
	}
	root.DisableAutoGenTag = true
	header := &doc.GenManHeader{Section: "1", Source: "klplint", Manual: "klplint", Date: &date}
	if err := doc.GenManTree(root, header, dir); err != nil {
		t.Fatal(err)
	}
	pages := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		pages[d.Name()] = true
		b = []byte(strings.Replace(string(b), ".SH SEE ALSO", manSections()+".SH SEE ALSO", 1))
		b = []byte(strings.Replace(string(b), ".SH EXAMPLE\n", ".SH EXAMPLES\n", 1))
		if err := os.WriteFile(path, b, 0o644); err != nil {
			return err
		}
		sections := []string{".TH ", "NAME", "SYNOPSIS", "--color", ".SH EXIT STATUS", ".SH ENVIRONMENT", ".SH FILES", "KLPLINT_FAIL_ON"}
		if name := d.Name(); !strings.Contains(name, "completion") && !strings.Contains(name, "help") {
			sections = append(sections, ".SH EXAMPLES")
		}
		for _, want := range sections {
			if !strings.Contains(strings.ReplaceAll(string(b), `\-`, "-"), want) {
				t.Errorf("%s has no %s", d.Name(), want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	walk(root, func(c *cobra.Command) {
		name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
		if c.IsAvailableCommand() && !pages[name] {
			t.Errorf("no page %s", name)
		}
	})
}

// walk calls f for a command and all below it.
func walk(c *cobra.Command, f func(*cobra.Command)) {
	f(c)
	for _, sub := range c.Commands() {
		walk(sub, f)
	}
}
