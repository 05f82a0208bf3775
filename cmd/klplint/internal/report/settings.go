package report

import (
	"fmt"
	"io"
	"strings"
)

// Settings say what holds for a run, and who says so.
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
func SettingsText(w io.Writer, s *Settings) error {
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
	t := newTable(o, column{title: "key", fixed: true}, column{title: "value"}, column{title: "said by"}, column{title: "flag", fixed: true},
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

// SettingsJSON writes {"schema":1,"file","settings":[{"key","flag","env",
// "values":[...],"origin"}],"waivers":n,"custom":n}.
func SettingsJSON(w io.Writer, s *Settings) error {
	e := newEncoder(w)
	e.open('{')
	e.uint("schema", 1)
	e.str("file", s.File)
	e.key("settings")
	e.open('[')
	for i := range s.Settings {
		row := &s.Settings[i]
		e.line()
		e.open('{')
		e.str("key", row.Key)
		e.str("flag", row.Flag)
		e.str("env", row.Env)
		e.strs("values", row.Values)
		e.str("origin", row.Origin)
		e.close('}')
	}
	e.close(']')
	e.int("waivers", int64(s.Waivers))
	e.int("custom", int64(s.Custom))
	e.close('}')
	e.b = append(e.b, '\n')
	return e.finish()
}
