package jsonform

// Registry is what registry list, find and show write.
type Registry struct {
	Schema   int                  `json:"schema" jsonschema:"enum=1"`
	Revision int64                `json:"revision"`
	Entries  Lines[RegistryEntry] `json:"entries"`
}

// RegistryEntry is one module of a registry.
type RegistryEntry struct {
	Path          string `json:"path"`
	Name          string `json:"name"`
	SHA256        string `json:"sha256"`
	KernelRelease string `json:"kernel_release"`
	Arch          string `json:"arch"`
	Channel       string `json:"channel"`
	Owner         string `json:"owner"`
	State         string `json:"state" jsonschema:"enum=candidate,enum=active,enum=retired"`
	// Of the team's own choice.
	Labels    map[string]string `json:"labels"`
	AddedBy   string            `json:"added_by"`
	AddedAt   string            `json:"added_at"`
	ChangedBy string            `json:"changed_by"`
	ChangedAt string            `json:"changed_at"`
	// The sha256 of the module that evicts this one; "" for none.
	ReplacedBy string `json:"replaced_by"`
	// The one that changed the entry last.
	Revision int64 `json:"revision"`
	// The one in which a verdict admitted the module; 0: it was recorded without being judged.
	Admitted  int64  `json:"admitted"`
	Toolchain string `json:"toolchain"`
	// The field of klp_patch in words.
	Replace string           `json:"replace"`
	Objects []RegistryObject `json:"objects"`
	States  []State          `json:"states"`
}

// RegistryObject is one object that an entry patches.
type RegistryObject struct {
	Name    string         `json:"name"`
	Literal bool           `json:"literal"`
	Funcs   []RegistryFunc `json:"funcs"`
}

// RegistryFunc is one func that an entry patches.
type RegistryFunc struct {
	Name   string `json:"name"`
	Sympos uint64 `json:"sympos"`
}
