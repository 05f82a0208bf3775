package flags

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"github.com/spf13/pflag"
)

// list is a repeatable flag. It does what those of package pflag do, which
// each allocate four KiB when they are registered: of a run over one module
// that was a tenth.
type list struct {
	target *[]string
	split  bool // one value may be several, separated by commas (CSV)
	set    bool
}

// Array registers a flag each of whose values is one element.
func Array(fs *pflag.FlagSet, target *[]string, name, usage string) {
	fs.Var(&list{target: target}, name, usage)
}

// Slice registers a flag whose values are lists.
func Slice(fs *pflag.FlagSet, target *[]string, name, usage string) {
	fs.Var(&list{target: target, split: true}, name, usage)
}

// Set takes one value of the command line. The first one replaces the default.
func (l *list) Set(s string) error {
	values := []string{s}
	if l.split {
		values = nil
		if s != "" {
			r := csv.NewReader(strings.NewReader(s))
			var err error
			if values, err = r.Read(); err != nil {
				return err
			}
			// What stands on a second line would be lost without a word.
			if _, err := r.Read(); !errors.Is(err, io.EOF) {
				return errors.New("more than one line")
			}
		}
	}
	if !l.set {
		*l.target, l.set = nil, true
	}
	*l.target = append(*l.target, values...)
	return nil
}

// String returns the elements for people.
func (l *list) String() string {
	if l.target == nil {
		return ""
	}
	return strings.Join(*l.target, ",")
}

// Type is one of pflag's names: by them package cobra tells that a flag may be
// completed again.
func (l *list) Type() string {
	if l.split {
		return "stringSlice"
	}
	return "stringArray"
}

// Append adds an element, as pflag.SliceValue demands.
func (l *list) Append(s string) error {
	*l.target = append(*l.target, s)
	return nil
}

// Replace takes other elements.
func (l *list) Replace(list []string) error {
	*l.target = list
	return nil
}

// GetSlice returns the elements.
func (l *list) GetSlice() []string { return *l.target }
