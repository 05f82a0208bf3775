package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// uniqueKeys refuses a line of the exported form, which is valid JSON, that two readers
// could read in two ways: where an object has a key twice, of which package encoding/json
// takes the last, and where the key of a field is not spelled as Export does, which that
// package takes in any case. Labels are called as their owner likes.
func uniqueKeys(line []byte) error {
	type value struct {
		first  int // index of its first key; -1 in a list
		labels bool
	}
	var open []value
	var keys [][]byte // of the objects that are open
	isKey := false
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '{':
			labels := len(open) == 1 && len(keys) > 0 && string(keys[len(keys)-1]) == "labels"
			open, isKey = append(open, value{len(keys), labels}), true
		case '[':
			open, isKey = append(open, value{first: -1}), false
		case ',':
			isKey = open[len(open)-1].first >= 0
		case '}', ']':
			last := open[len(open)-1]
			open, isKey = open[:len(open)-1], false
			if last.first < 0 {
				continue
			}
			own := keys[last.first:]
			slices.SortFunc(own, bytes.Compare)
			for j := 1; j < len(own); j++ {
				if bytes.Equal(own[j], own[j-1]) {
					return fmt.Errorf("key %q twice in one object", own[j])
				}
			}
			keys = keys[:last.first]
		case '"':
			start := i
			for i++; line[i] != '"'; i++ {
				if line[i] == '\\' {
					i++
				}
			}
			if !isKey {
				continue
			}
			isKey = false
			key := line[start+1 : i]
			if open[len(open)-1].labels {
				var text string
				if err := json.Unmarshal(line[start:i+1], &text); err != nil {
					return err
				}
				key = []byte(text)
			} else if len(bytes.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789_")) > 0 {
				return fmt.Errorf("key %q: want lower-case letters, digits and _", key)
			}
			keys = append(keys, key)
		}
	}
	return nil
}
