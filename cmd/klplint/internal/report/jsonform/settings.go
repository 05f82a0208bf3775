package jsonform

// Settings is what config show writes.
type Settings struct {
	Schema int `json:"schema" jsonschema:"enum=1"`
	// The configuration; "" when there is none.
	File     string         `json:"file"`
	Settings Lines[Setting] `json:"settings"`
	// How many the configuration has.
	Waivers int `json:"waivers"`
	// How many rules of its own the configuration has.
	Custom int `json:"custom"`
}

// Setting is one key and what holds for it.
type Setting struct {
	Key string `json:"key"`
	// The flag, with its dashes.
	Flag string `json:"flag"`
	// The environment variable.
	Env    string   `json:"env"`
	Values []string `json:"values"`
	// The flag, the variable, "FILE:LINE", "profile" or "default".
	Origin string `json:"origin"`
}
