package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const (
	houseBegin = "<!-- house: made by `make readme` -->\n"
	houseEnd   = "<!-- end of house -->\n"
	projectDir = "github.com/klplint/klplint/"
)

// readmeHouse replaces the picture of the imports by one made from go list.
func readmeHouse(t *testing.T, content string) string {
	t.Helper()
	before, rest, ok := strings.Cut(content, houseBegin)
	if !ok {
		t.Fatalf("README.md has no line %q", houseBegin)
	}
	_, after, ok := strings.Cut(rest, houseEnd)
	if !ok {
		t.Fatalf("README.md has no line %q", houseEnd)
	}
	return before + houseBegin + housePicture(projectImports(t)) + houseEnd + after
}

// projectImports lists, for each package that ends up in the command, the
// packages of the project that it imports. Tests do not count.
func projectImports(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports", "./cmd/klplint").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	imports := make(map[string][]string)
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		name, ok := strings.CutPrefix(p.ImportPath, projectDir)
		if !ok {
			continue
		}
		imports[name] = nil
		for _, path := range p.Imports {
			if imported, ok := strings.CutPrefix(path, projectDir); ok {
				imports[name] = append(imports[name], imported)
			}
		}
	}
	if len(imports) < 20 {
		t.Fatalf("go list names %d packages of the project", len(imports))
	}
	return imports
}

// housePicture draws the packages in floors: each stands one floor above the
// highest that it imports, so that every import goes down. Behind a package
// stands what it imports of the floor right below and of lower ones, less what
// it reaches through those anyway.
func housePicture(imports map[string][]string) string {
	floors := make(map[string]int)
	var floor func(string) int
	floor = func(name string) int {
		if n, ok := floors[name]; ok {
			return n
		}
		highest := 0
		for _, imported := range imports[name] {
			highest = max(highest, floor(imported))
		}
		floors[name] = highest + 1
		return highest + 1
	}
	width := 0
	for name := range imports {
		floor(name)
		width = max(width, len(roomName(name)))
	}
	order := slices.SortedFunc(maps.Keys(imports), func(a, b string) int {
		return cmp.Or(cmp.Compare(floors[b], floors[a]), cmp.Compare(a, b))
	})
	var b strings.Builder
	b.WriteString("```text\n")
	for i, name := range order {
		if i > 0 && floors[order[i-1]] != floors[name] {
			b.WriteByte('\n')
		}
		direct := directImports(imports, name)
		if len(direct) == 0 {
			fmt.Fprintf(&b, "%2d  %s\n", floors[name], roomName(name))
			continue
		}
		fmt.Fprintf(&b, "%2d  %-*s → %s\n", floors[name], width, roomName(name), strings.Join(direct, " "))
	}
	b.WriteString("```\n")
	return b.String()
}

// directImports leaves out what a package reaches through another of its imports.
func directImports(imports map[string][]string, name string) []string {
	through := make(map[string]bool)
	var walk func(string)
	walk = func(name string) {
		for _, imported := range imports[name] {
			if !through[imported] {
				through[imported] = true
				walk(imported)
			}
		}
	}
	for _, imported := range imports[name] {
		walk(imported)
	}
	var out []string
	for _, imported := range imports[name] {
		if !through[imported] {
			out = append(out, roomName(imported))
		}
	}
	slices.Sort(out)
	return out
}

// roomName shortens the command's own rooms to "cmd/…/NAME".
func roomName(name string) string {
	return strings.Replace(name, "cmd/klplint/internal/", "cmd/…/", 1)
}

// TestHouseIsDrawnFromImports: a package that is imported stands lower, and an
// import that another one implies is left out.
func TestHouseIsDrawnFromImports(t *testing.T) {
	got := housePicture(map[string][]string{
		"cmd/klplint": {"lint", "klp"}, "lint": {"rules", "klp"}, "rules": {"klp"}, "klp": nil, "internal/names": nil,
	})
	const want = "```text\n 4  cmd/klplint    → lint\n\n 3  lint           → rules\n\n 2  rules          → klp\n\n 1  internal/names\n 1  klp\n```\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
