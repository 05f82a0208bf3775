package config

import (
	"path/filepath"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/suggest"
	"github.com/klplint/klplint/internal/yamldoc"
)

// The bounds of lists in the file.
const (
	maxWords   = 10_000
	maxWaivers = 10_000
	maxCustom  = 1000
)

// File is a configuration that was read.
type File struct {
	Path string
	// Named: the command line named this file. Only such a file may waive or
	// lower rules tagged security.
	Named    bool
	Settings []Setting // in the order of the file
	Waivers  []Waiver
	Custom   []Rule
}

// Setting is one key of the file but for waivers and custom.
type Setting struct {
	Key    *Key
	Values []Value
}

// Value is one value of a setting. A truth is "true" or "false"; a severity is
// "ID=severity".
type Value struct {
	Text string
	node yamldoc.Node
}

// Fail makes an error at the value.
func (v Value) Fail(format string, args ...any) error { return v.node.Fail(format, args...) }

// Line is the value's line in the file.
func (v Value) Line() int { return v.node.Line() }

// Waiver is one waiver with its place.
type Waiver struct {
	policy.Waiver
	rule yamldoc.Node
}

// Rule is one custom rule.
type Rule struct {
	ID, Message, Doc, Fix string
	Severity              string // "" when not given
	Pairs                 bool   // over pairs of modules
	Tags                  []string
	Expr                  string

	File string
	Line int
	expr yamldoc.Node
	id   yamldoc.Node
}

// FailID makes an error at the rule's ID.
func (r *Rule) FailID(format string, args ...any) error { return r.id.Fail(format, args...) }

// FailExpr makes an error within the expression: line from 1, column from 0.
func (r *Rule) FailExpr(line, column int, format string, args ...any) error {
	return r.expr.FailIn(line, column, format, args...)
}

// Parse reads a configuration. Errors are of type *yamldoc.Error.
func Parse(path string, data []byte) (*File, error) {
	return parse(path, data, Keys())
}

// ParseWaivers reads a file that holds waivers and nothing else.
func ParseWaivers(path string, data []byte) (*File, error) { return parse(path, data, only(Waivers)) }

// ParseCustom reads a file that holds custom rules and nothing else.
func ParseCustom(path string, data []byte) (*File, error) { return parse(path, data, only(Custom)) }

func only(kind Kind) []Key {
	for _, k := range Keys() {
		if k.Kind == kind {
			return []Key{k}
		}
	}
	return nil
}

// limits of a configuration: an expression of a custom rule is the longest value.
var limits = yamldoc.Limits{Words: 200_000, Value: 16 << 10}

func parse(path string, data []byte, keys []Key) (*File, error) {
	doc, err := yamldoc.Parse(path, data, limits)
	if err != nil {
		return nil, err
	}
	f := &File{Path: path}
	if doc.Root().IsNull() {
		return f, nil
	}
	r := &reader{file: f}
	return f, r.configuration(doc.Root(), keys)
}

// reader reads a file's values.
type reader struct{ file *File }

// values are a mapping's values by key.
type values map[string]yamldoc.Node

// mapping reads a mapping that may have the given keys.
func mapping(n yamldoc.Node, of string, keys []Key) ([]yamldoc.Entry, values, error) {
	entries, err := n.Mapping(of)
	if err != nil {
		return nil, nil, err
	}
	got := make(values, len(entries))
	for _, e := range entries {
		if find(keys, e.Key) == nil {
			names := make([]string, len(keys))
			for i := range keys {
				names[i] = keys[i].Name
			}
			hint := suggest.DidYouMean(e.Key, names)
			if hint == "" {
				hint = "; it may have " + strings.Join(names, ", ")
			}
			return nil, nil, e.Name.Fail("%s has no key %q%s", of, e.Key, hint)
		}
		got[e.Key] = e.Value
	}
	for i := range keys {
		if keys[i].Required && got[keys[i].Name].IsNull() {
			return nil, nil, n.Fail("%s has no %s", of, keys[i].Name)
		}
	}
	return entries, got, nil
}

func find(keys []Key, name string) *Key {
	for i := range keys {
		if keys[i].Name == name {
			return &keys[i]
		}
	}
	return nil
}

func (r *reader) configuration(root yamldoc.Node, keys []Key) error {
	entries, _, err := mapping(root, "the configuration", keys)
	if err != nil {
		return err
	}
	for _, e := range entries {
		k := find(keys, e.Key)
		switch k.Kind {
		case Waivers:
			err = r.waivers(e.Value)
		case Custom:
			err = r.custom(e.Value)
		default:
			var s Setting
			if s, err = r.setting(k, e.Value); err == nil {
				r.file.Settings = append(r.file.Settings, s)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) setting(k *Key, n yamldoc.Node) (Setting, error) {
	s := Setting{Key: k}
	switch k.Kind {
	case Truth:
		b, err := n.Truth(k.Name)
		if err != nil {
			return s, err
		}
		s.Values = []Value{{"false", n}}
		if b {
			s.Values[0].Text = "true"
		}
	case Severities:
		entries, err := n.Mapping(k.Name)
		if err != nil {
			return s, err
		}
		for _, e := range entries {
			word, err := word(e.Value, "the severity of "+e.Key, severities)
			if err != nil {
				return s, err
			}
			s.Values = append(s.Values, Value{e.Key + "=" + word, e.Name})
		}
	case Words:
		list, err := n.List(k.Name, maxWords)
		if err != nil {
			return s, err
		}
		for _, v := range list {
			text, err := word(v, "an entry of "+k.Name, k.Values)
			if err != nil {
				return s, err
			}
			s.Values = append(s.Values, Value{r.path(k, text), v})
		}
	default:
		text, err := word(n, k.Name, k.Values)
		if err != nil {
			return s, err
		}
		s.Values = []Value{{r.path(k, text), n}}
	}
	return s, nil
}

// path makes a path relative to the file's folder one that the command can use.
func (r *reader) path(k *Key, value string) string {
	const sqlite = "sqlite:"
	switch {
	case k.Registry && !strings.Contains(value, "://"):
		file := *k
		file.Registry = false
		return sqlite + r.path(&file, strings.TrimPrefix(value, sqlite))
	case !k.Path, value == "none", value == "-", filepath.IsAbs(value), strings.Contains(value, "://"):
		return value
	}
	dir := filepath.Dir(r.file.Path)
	if list, ok := strings.CutPrefix(value, "@"); ok {
		return "@" + filepath.Join(dir, list)
	}
	joined := filepath.Join(dir, value)
	if strings.HasSuffix(value, "/") {
		joined += "/"
	}
	return joined
}

// word reads a string that is not empty and, where values says so, one of them.
func word(n yamldoc.Node, of string, allowed []string) (string, error) {
	s, err := n.Text(of)
	if err != nil {
		return "", err
	}
	if strings.TrimSpace(s) == "" {
		return "", n.Fail("%s is empty", of)
	}
	if strings.ContainsAny(s, "\x00\n\r") {
		return "", n.Fail("%s has a line break or a NUL byte", of)
	}
	if allowed == nil {
		return s, nil
	}
	for _, a := range allowed {
		if s == a {
			return s, nil
		}
	}
	return "", n.Fail("%s is %q, it must be one of %s%s", of, s, strings.Join(allowed, ", "), suggest.DidYouMean(s, allowed))
}

// idPattern is what a custom rule's ID looks like.
const idPattern = `^[A-Z]{1,16}[0-9]{1,6}$`
