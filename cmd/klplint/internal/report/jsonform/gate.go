package jsonform

// Gate is what a gate adds to the JSON of lint.
type Gate struct {
	// Its place, without credentials.
	Registry string `json:"registry"`
	// The one that the verdict rests on, or that it made.
	Revision int64  `json:"revision"`
	Channel  string `json:"channel"`
	Admitted bool   `json:"admitted"`
	DryRun   bool   `json:"dry_run"`
	// Active modules that were compared.
	Compared int `json:"compared"`
	// Always false: nothing is left out. Older versions compared only some of very many evicted modules.
	Sampled bool              `json:"sampled"`
	Modules Lines[GateModule] `json:"modules"`
	// What the admitted modules evict, in the channel that they go to.
	Retired Lines[RegistryEntry] `json:"retired"`
	// What they evict too, and what stays active in another channel.
	Elsewhere Lines[RegistryEntry] `json:"elsewhere"`
	// The entries that findings point at.
	Against Lines[RegistryEntry] `json:"against"`
}

// GateModule is what became of a module that asked for admission.
type GateModule struct {
	Path   string `json:"path"`
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	// refused beside: another module of the call was refused.
	Status string `json:"status" jsonschema:"enum=admitted,enum=already admitted,enum=would be admitted,enum=refused,enum=refused beside"`
	// The one that admitted it; 0 for none.
	Revision int64 `json:"revision"`
	// What it drops of a retired module, while no newer one of that lineage is active; "" for nothing.
	Warning string `json:"warning"`
}
