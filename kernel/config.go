package kernel

import (
	"bytes"
	"fmt"
	"strings"
)

// configuration is a .config: option (without CONFIG_) to value, "n" for
// "is not set".
type configuration map[string]string

// isConfig tells a .config by its options near the beginning.
func isConfig(head []byte) bool {
	if bytes.IndexByte(head, 0) >= 0 {
		return false
	}
	for line := range bytes.Lines(head) {
		if bytes.HasPrefix(line, []byte("CONFIG_")) || bytes.HasPrefix(line, []byte("# CONFIG_")) {
			return true
		}
		if t := bytes.TrimSpace(line); len(t) > 0 && t[0] != '#' {
			return false
		}
	}
	return false
}

// maxOptions bounds a .config; kernels have about 15,000 options.
const maxOptions = 1 << 20

func parseConfig(text []byte) (configuration, error) {
	c := configuration{}
	for at, raw := range textLines(text) {
		line := strings.TrimSpace(string(raw))
		if len(c) > maxOptions {
			return nil, fmt.Errorf("offset %#x: more than %d options", at, maxOptions)
		}
		if name, ok := strings.CutPrefix(line, "# CONFIG_"); ok {
			if name, ok = strings.CutSuffix(name, " is not set"); ok {
				c[name] = "n"
			}
			continue
		}
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if name, ok2 := strings.CutPrefix(name, "CONFIG_"); ok && ok2 && name != "" {
			c[name] = strings.Trim(value, `"`)
			continue
		}
		return nil, fmt.Errorf("offset %#x: expected CONFIG_NAME=value", at)
	}
	if len(c) == 0 {
		return nil, fmt.Errorf("no options")
	}
	return c, nil
}

// value returns an option's value; an option that a complete .config does not
// mention is not set.
func (c configuration) value(option string) string {
	if v, ok := c[option]; ok {
		return v
	}
	return "n"
}
