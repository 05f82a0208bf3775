package jsonform

// Program is what version writes.
type Program struct {
	Schema int    `json:"schema" jsonschema:"enum=1"`
	Name   string `json:"name" jsonschema:"enum=klplint"`
	// "(devel)" for a build from a working tree.
	Version string `json:"version"`
	// The commit; left out when the build did not record it.
	Revision string `json:"revision,omitempty"`
	// The working tree had changes.
	Modified bool `json:"modified"`
	// The Go release that compiled it.
	Go string `json:"go"`
	// Go's name.
	OS string `json:"os"`
	// Go's name.
	Arch string `json:"arch"`
}
