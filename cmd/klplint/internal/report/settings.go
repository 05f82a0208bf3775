package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/report/jsonform"
)

// Settings say what holds for a run, and what sets it.
type Settings struct {
	File            string // the configuration; "" when there is none
	Settings        []Setting
	Waivers, Custom int // entries
}

// Setting is one key.
type Setting struct {
	Key, Flag, Env string
	Values         []string
	// Origin is the flag, the variable, "FILE:LINE", "profile" or "default".
	Origin string
}

func (s *Setting) value() string {
	if len(s.Values) == 0 {
		return "-"
	}
	return strings.Join(s.Values, ", ")
}

func (s *Settings) head() string {
	file := s.File
	if file == "" {
		file = "none"
	}
	return fmt.Sprintf("configuration: %s; %s, %s", file, count(s.Waivers, "waiver"), count(s.Custom, "custom rule"))
}

// SettingsText writes a line for each key.
func SettingsText(w io.Writer, s *Settings, _ Options) error {
	var b strings.Builder
	b.WriteString(Escape(s.head()) + "\n")
	for i := range s.Settings {
		row := &s.Settings[i]
		b.WriteString(Escape(fmt.Sprintf("%s: %s (%s)", row.Key, row.value(), row.Origin)) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// SettingsTable writes a table of the keys.
func SettingsTable(w io.Writer, s *Settings, o Options) error {
	t := newTable(o, column{title: "key", fixed: true}, column{title: "value"}, column{title: "set by"}, column{title: "flag", fixed: true},
		column{title: "variable", fixed: true})
	for i := range s.Settings {
		row := &s.Settings[i]
		t.add(text(row.Key), text(row.value()), text(row.Origin), text(row.Flag), text(row.Env))
	}
	if err := t.write(w); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n"+Escape(s.head())+"\n")
	return err
}

// SettingsJSON writes the JSON of config show.
func SettingsJSON(w io.Writer, s *Settings, _ Options) error {
	return jsonform.Write(w, &jsonform.Settings{
		Schema: jsonform.Version, File: s.File, Waivers: s.Waivers, Custom: s.Custom,
		Settings: eachForm(s.Settings, func(row *Setting) jsonform.Setting {
			return jsonform.Setting{Key: row.Key, Flag: row.Flag, Env: row.Env, Values: listOf(row.Values), Origin: row.Origin}
		}),
	})
}
