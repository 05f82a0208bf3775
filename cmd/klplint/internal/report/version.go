package report

import (
	"encoding/json"
	"fmt"
	"io"
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
func VersionText(w io.Writer, v Version) error {
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

// VersionJSON writes an object with "name" and "version", and what else the
// build recorded.
func VersionJSON(w io.Writer, v Version) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(struct {
		Schema   int    `json:"schema"`
		Name     string `json:"name"`
		Version  string `json:"version"`
		Revision string `json:"revision,omitempty"`
		Modified bool   `json:"modified"`
		Go       string `json:"go"`
		OS       string `json:"os"`
		Arch     string `json:"arch"`
	}{1, "klplint", v.Version, v.Revision, v.Modified, v.Go, v.OS, v.Arch})
}
