package report

import (
	"fmt"
	"io"

	"github.com/klplint/klplint/cmd/klplint/internal/report/jsonform"
)

// Version is what is known of the program itself.
type Version struct {
	Version  string // the module's version; "(devel)" for a build from a working tree
	Revision string // the commit; "" when the build did not record it
	Modified bool   // the working tree had changes
	Go       string // the Go release that compiled it
	OS, Arch string // Go's names
}

// VersionText writes one line.
func VersionText(w io.Writer, v Version, _ Options) error {
	line := "klplint " + v.Version
	if v.Revision != "" {
		line += " " + v.Revision[:min(12, len(v.Revision))]
		if v.Modified {
			line += "+changes"
		}
	}
	_, err := fmt.Fprintf(w, "%s (%s %s/%s)\n", line, v.Go, v.OS, v.Arch)
	return err
}

// VersionJSON writes the JSON of version.
func VersionJSON(w io.Writer, v Version, _ Options) error {
	return jsonform.Write(w, jsonform.Program{
		Schema: jsonform.Version, Name: "klplint", Version: v.Version, Revision: v.Revision, Modified: v.Modified, Go: v.Go, OS: v.OS, Arch: v.Arch,
	})
}
