package config

import (
	"bytes"
	"encoding/json"
)

// Schema returns the JSON schema (draft 2020-12) of the file, for editors.
func Schema() []byte {
	root := object(Keys())
	out := map[string]any{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       Name,
		"description": "The configuration of klplint.",
		"$defs": map[string]any{
			"waiver": object(WaiverKeys()),
			"custom": object(CustomKeys()),
		},
	}
	for k, v := range root {
		out[k] = v
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(out); err != nil {
		panic(err) // maps and strings
	}
	return b.Bytes()
}

func object(keys []Key) map[string]any {
	properties := make(map[string]any, len(keys))
	required := []string{}
	for i := range keys {
		k := &keys[i]
		properties[k.Name] = k.schema()
		if k.Required {
			required = append(required, k.Name)
		}
	}
	out := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func (k *Key) schema() map[string]any {
	text := func(values []string) map[string]any {
		s := map[string]any{"type": "string", "minLength": 1}
		if values != nil {
			s["enum"] = values
		}
		return s
	}
	list := func(of map[string]any) map[string]any { return map[string]any{"type": "array", "items": of} }
	var s map[string]any
	switch k.Kind {
	case Truth:
		s = map[string]any{"type": "boolean"}
	case Words:
		s = list(text(k.Values))
	case Severities:
		s = map[string]any{"type": "object", "additionalProperties": text(severities)}
	case Waivers:
		s = list(map[string]any{"$ref": "#/$defs/waiver"})
	case Custom:
		s = list(map[string]any{"$ref": "#/$defs/custom"})
	case Date:
		s = text(nil)
		s["pattern"] = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
	default:
		s = text(k.Values)
		if k.Name == "id" {
			s["pattern"] = idPattern
		}
	}
	s["description"] = k.Doc
	return s
}
