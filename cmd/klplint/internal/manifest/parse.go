package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/strictjson"
)

// Parse reads a manifest in any of its forms. Its errors name the line.
func Parse(data []byte) (*Manifest, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("%d bytes, the limit is %d", len(data), MaxSize)
	}
	m := &Manifest{modules: make(map[string]*Module)}
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	var err error
	if len(trimmed) > 0 && trimmed[0] == '{' {
		err = m.readJSON(data)
	} else {
		err = m.readLines(string(data))
	}
	if err != nil {
		return nil, err
	}
	if len(m.modules) == 0 {
		return nil, errors.New("the manifest is empty")
	}
	return m, nil
}

// readLines reads the forms of lines.
func (m *Manifest) readLines(text string) error {
	var module *Module
	var seen map[Func]bool
	number := 0
	for line := range strings.Lines(text) {
		number++
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		var err error
		name, isHeader := header(fields)
		switch {
		case isHeader && name == "":
			err = errors.New("a module's name is empty")
		case isHeader:
			seen = make(map[Func]bool)
			module, err = m.module(name)
		default:
			if module == nil {
				seen = make(map[Func]bool)
				module, _ = m.module("") // the first
			}
			var f Func
			if f, err = parseLine(fields); err == nil {
				err = m.add(module, f, seen)
			}
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	return nil
}

// header reads "[NAME]".
func header(fields []string) (string, bool) {
	name, ok := strings.CutPrefix(fields[0], "[")
	if !ok || len(fields) != 1 {
		return "", false
	}
	return strings.CutSuffix(name, "]")
}

// parseLine reads object func[,sympos] [newfunc] [#if condition], or object:func
// for the first two.
func parseLine(fields []string) (Func, error) {
	var f Func
	for i, word := range fields {
		if !strings.HasPrefix(word, "#") {
			continue
		}
		// "#if X" is a condition, and "# words" a remark.
		f.Conditional = strings.HasPrefix(word, "#if")
		fields = fields[:i]
		break
	}
	// As klplint prints a func, object and name are one word.
	if len(fields) > 0 && strings.Contains(fields[0], ":") {
		object, name, _ := strings.Cut(fields[0], ":")
		fields = append([]string{object, name}, fields[1:]...)
	}
	if len(fields) < 2 || len(fields) > 3 || fields[0] == "" || fields[1] == "" {
		return f, fmt.Errorf("%d words, expected: object func[,sympos] [newfunc] [#if condition], or object:func[,sympos]", len(fields))
	}
	f.Object, f.Name = fields[0], fields[1]
	if len(fields) == 3 {
		f.New = fields[2]
	}
	if name, position, ok := strings.Cut(f.Name, ","); ok {
		n, err := strconv.ParseUint(position, 10, 64)
		if err != nil {
			return f, fmt.Errorf("sympos %q is not a number", position)
		}
		f.Name, f.Sympos = name, n
	}
	return f, nil
}

// file is the JSON form.
type file struct {
	Schema  int          `json:"schema"`
	Modules []jsonModule `json:"modules"`
}

type jsonModule struct {
	Name    string   `json:"name"`
	Replace *Replace `json:"replace,omitempty"`
	States  *[]State `json:"states,omitempty"`
	Funcs   []Func   `json:"funcs"`
}

func (m *Manifest) readJSON(data []byte) error {
	var f file
	if err := strictjson.Decode(data, &f); err != nil {
		return err
	}
	if f.Schema != 1 {
		return fmt.Errorf("schema %d: this klplint reads schema 1", f.Schema)
	}
	for i := range f.Modules {
		if err := m.fromJSON(&f.Modules[i]); err != nil {
			return fmt.Errorf("module %d: %w", i+1, err)
		}
	}
	return nil
}

func (m *Manifest) fromJSON(j *jsonModule) error {
	module, err := m.module(j.Name)
	if err != nil {
		return err
	}
	if j.Replace != nil {
		switch j.Replace.Kind {
		case "flag", "set", "sets", "runtime", "unknown":
		default:
			return fmt.Errorf("replace kind %q: want flag, set, sets, runtime or unknown", j.Replace.Kind)
		}
		module.Replace = j.Replace
	}
	if j.States != nil {
		module.HasStates, module.States = true, *j.States
	}
	seen := make(map[Func]bool, len(j.Funcs))
	for _, f := range j.Funcs {
		if err := m.add(module, f, seen); err != nil {
			return err
		}
	}
	ids := make(map[uint64]bool, len(module.States))
	for _, s := range module.States {
		if ids[s.ID] {
			return fmt.Errorf("duplicate state %d", s.ID)
		}
		ids[s.ID] = true
	}
	return nil
}
