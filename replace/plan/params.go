package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/klplint/klplint/klp"
)

// withParam gives a described module the replace field that its parameter sets,
// whose default is the value of replace, if it is given.
func (m *Module) withParam() []klp.Replace {
	fields := slices.Clone(m.Fields)
	at := slices.IndexFunc(fields, func(f klp.Replace) bool { return f.Kind == klp.KindFlag })
	if at < 0 {
		return append(fields, klp.Replace{Kind: klp.KindFlag, Source: klp.FromData, FieldSource: klp.FieldOption})
	}
	m.ReplaceDefault = fields[at].Flag
	return fields
}

// parameter returns the module parameter that decides replace: the one that a
// described module names; of a built one whose field is decided at run time the
// parameter called replace, or the only one that is a number or a truth.
func (m *Module) parameter() (name, kind string) {
	if m.ReplaceParam != "" {
		return m.ReplaceParam, "bool"
	}
	if m.Klp == nil || m.File == "" {
		return "", ""
	}
	if p := m.Klp.Modinfo.ReplaceParam(); p != nil {
		return p.Name, p.Type
	}
	return "", ""
}

// paramError is what the loader answers to a value that it cannot read
// (kernel/params.c: parse_args).
type paramError struct{ name, value string }

func (e *paramError) Error() string {
	return fmt.Sprintf("`%s' invalid for parameter `%s'", e.value, e.name)
}

// flagAt returns the flag that a load gives replace by its parameters; nil where
// they do not say.
func (s *Step) flagAt() (flag *bool, err error) {
	name, kind := s.Module.parameter()
	if name == "" {
		return nil, nil
	}
	for _, p := range slices.Backward(s.Params) { // the last one counts
		if p.Name != name {
			continue
		}
		on, ok := paramTruth(kind, p.Value)
		if !ok {
			return nil, &paramError{p.Name, p.Value}
		}
		return &on, nil
	}
	if s.Module.ReplaceParam != "" {
		return &s.Module.ReplaceDefault, nil
	}
	if p := s.Module.Klp.Replace.Param; p != nil {
		return p.Default, nil
	}
	return nil, nil
}

// byParameter says by which parameter a built module's load decides replace; "" where
// none does, or its value is not known.
func (s *Step) byParameter() string {
	name, _ := s.Module.parameter()
	if s.Module.File == "" || name == "" {
		return ""
	}
	if len(s.Params) > 0 {
		return fmt.Sprintf("module parameter %s of %s decides its replace field", name, s.Module.Label)
	}
	if p := s.Module.Klp.Replace.Param; p != nil && p.Default != nil {
		return fmt.Sprintf("module parameter %s of %s decides its replace field, and has its default, %t", name, s.Module.Label, *p.Default)
	}
	return ""
}

// paramTruth reads a value as the parameter's type does (lib/kstrtox.c:
// kstrtobool, kstrtoint).
func paramTruth(kind, value string) (on, ok bool) {
	if kind == "bool" || kind == "invbool" {
		switch {
		case value == "", strings.ContainsAny(value[:1], "yYtT1"), strings.EqualFold(value, "on"):
			on = true
		case strings.ContainsAny(value[:1], "nNfF0"), strings.EqualFold(value, "off"):
		default:
			return false, false
		}
		return on != (kind == "invbool"), true
	}
	n, err := strconv.ParseInt(value, 0, 64)
	return n != 0, err == nil
}
