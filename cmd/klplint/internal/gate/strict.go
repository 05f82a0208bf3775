package gate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/klplint/klplint/cmd/klplint/internal/strictjson"
)

// strictDecode decodes one JSON value of at most maxStatement bytes. Package
// encoding/json takes the last of two equal keys, and keys in any case: two
// readers of one file could so see two verdicts. Here both are errors.
func strictDecode(text []byte, v any) error {
	if len(text) > maxStatement {
		return fmt.Errorf("%d bytes: at most %d", len(text), maxStatement)
	}
	if err := strictjson.Decode(text, v); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return uniqueKeys(d, "", 0)
}

// uniqueKeys walks one value. Below the top keys of one object are equal only
// when all their bytes are; those that differ in case alone are refused too,
// except among settings and digests, whose keys are no field names.
func uniqueKeys(d *json.Decoder, path string, depth int) error {
	if depth > 100 {
		return errors.New("nested too deeply")
	}
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		seen := make(map[string]bool)
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return err
			}
			name, _ := key.(string)
			folded := fold(name)
			if seen[folded] {
				return fmt.Errorf("duplicate key %q in %q", name, path)
			}
			seen[folded] = true
			if want, field := fieldNames[folded]; field && want != name {
				return fmt.Errorf("key %q of %q: want %q", name, path, want)
			}
			if err := uniqueKeys(d, name, depth+1); err != nil {
				return err
			}
		}
		_, err = d.Token()
	case json.Delim('['):
		for d.More() {
			if err := uniqueKeys(d, path, depth+1); err != nil {
				return err
			}
		}
		_, err = d.Token()
	}
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// fieldNames are the keys of statements and envelopes, by what fold makes of them.
var fieldNames = func() map[string]string {
	names := make(map[string]string)
	for _, n := range []string{
		"_type", "subject", "predicateType", "predicate", "name", "digest", "sha256", "result", "configuration", "annotations",
		"passedTests", "warnedTests", "failedTests", "klplint", "version", "model", "policy", "settings", "expiredWaivers", "rules", "notEvaluated",
		"errors", "registry", "modules", "findings", "id", "since", "place", "uuid", "revision", "channel", "channels", "compared",
		"sampled", "unsignedSha256", "kernelRelease", "arch", "vermagicFlags", "status", "warning", "rule", "severity", "message",
		"fingerprint", "accepted", "payload", "payloadType", "signatures", "keyid", "sig",
	} {
		names[fold(n)] = n
	}
	return names
}()

// fold is the same for all names that encoding/json takes for one field: by Unicode, where
// a long s is an s too.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, name)
}
